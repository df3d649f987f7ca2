// The recurrent-depth transformer (Huginn, model type "huginn_raven") [Geiping2025] arXiv:2502.05171:
//   e = B_P ( s wte[ids] )                                     prelude, once; s = sqrt(E)
//   x <- B_C( A [x ; e] + a ),  r times from x_0               core: one block G(x; e), the weight-tied loop
//   z = ln_f( B_D( ln_f(x_r) ) ),   logits = head z            coda; the same ln_f twice
// with sandwich blocks B (nn/transformer_block.h). x_0 is random, given or zero; e enters through the adapter alone.
//
// The parameters carry the names of the checkpoint ("transformer.core_block.0.attn.Wqkv.weight", ...); a tied head is
// not a parameter of its own. Layers attend through what the caller gives: LayerAttend gets the stage and the layer.
// Shapes   ids (..., S) int64; e, x, latent (..., S, E); logits (..., S, V) float32.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <torch/nn/module.h>

#include "fathom/domain/llm/model_config.h"
#include "fathom/nn/transformer_block.h"
#include "fathom/tensor/map.h"

namespace fathom::llm {

enum class Stage { prelude, core, coda };

// Attention of layer `layer` of a stage.
using LayerAttend = std::function<nn::Attend(Stage stage, std::int64_t layer)>;

// How many recurrences run without and then with a graph.
struct Depth {
  std::int64_t without_gradient = 0, with_gradient = 0;
};

class Raven : public torch::nn::Module {
 public:
  explicit Raven(const ModelConfig& config);

  const ModelConfig& config() const { return config_; }
  nn::RotaryTable rotary(const Tensor& positions) const { return rotary_.at(positions); }

  Tensor prelude(const Tensor& ids, const nn::RotaryTable& rotary, const LayerAttend& attend) const;
  Tensor adapter(const Tensor& x, const Tensor& e) const;
  Tensor core_layer(std::int64_t layer, const Tensor& x, const nn::RotaryTable& rotary, const nn::Attend& attend) const;
  Tensor core(const Tensor& x, const Tensor& e, const nn::RotaryTable& rotary, const LayerAttend& attend) const;
  Tensor latent(const Tensor& x) const;  // ln_f(x)
  Tensor coda_layer(std::int64_t layer, const Tensor& z, const nn::RotaryTable& rotary, const nn::Attend& attend) const;
  // What the head multiplies: ln_f of the coda of ln_f(x).
  Tensor coda(const Tensor& x, const nn::RotaryTable& rotary, const LayerAttend& attend) const;
  Tensor head(const Tensor& z) const;  // float32 logits

  // Whole sequences without a cache, causal: ids and state (B, S, ...).
  Tensor embed(const Tensor& ids) const;  // e
  Tensor run(const Tensor& e, Tensor x, const Depth& depth) const;
  Tensor logits(const Tensor& x) const;
  Tensor forward(const Tensor& ids, const Tensor& x0, const Depth& depth) const {
    return logits(run(embed(ids), x0, depth));
  }

  // G(x; e) for whole sequences: a sample is a sequence, x and e (B, S, E).
  Map map(const Tensor& e);

 private:
  class Transformer;

  ModelConfig config_;
  nn::RotaryTable rotary_;
  std::shared_ptr<Transformer> transformer_;
  std::shared_ptr<nn::Matrix> head_;  // null when tied
};

// Mean cross entropy of the labels that are not -100; labels (...) are those of the logits' own rows, not shifted.
Tensor loss(const Tensor& logits, const Tensor& labels);

}  // namespace fathom::llm
