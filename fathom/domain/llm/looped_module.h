// A looped language model as a module, with gradients: the same three parts as looped_model.h on tensors, and whole
// sequences without a cache. Raven and Ouro are its architectures.
//
// Layers attend through what the caller gives: LayerAttend gets the stage and the layer, so that a cache knows the
// slot. Shapes   ids (..., S) int64; context, x, latent (..., S, E); logits (..., S, V) float32.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <torch/nn/module.h>

#include "fathom/domain/llm/model_config.h"
#include "fathom/domain/llm/weights.h"
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

class LoopedModule : public torch::nn::Module {
 public:
  explicit LoopedModule(const ModelConfig& config);

  const ModelConfig& config() const { return config_; }
  nn::RotaryTable rotary(const Tensor& positions) const { return rotary_.at(positions); }

  virtual Tensor prelude(const Tensor& ids, const nn::RotaryTable& rotary, const LayerAttend& attend) const = 0;
  virtual Tensor core(const Tensor& x, const Tensor& context, const nn::RotaryTable& rotary,
                      const LayerAttend& attend) const = 0;
  // What the coda begins with.
  virtual Tensor latent(const Tensor& x) const = 0;
  // What the head multiplies.
  virtual Tensor coda(const Tensor& x, const nn::RotaryTable& rotary, const LayerAttend& attend) const = 0;
  virtual Tensor head(const Tensor& z) const = 0;  // float32 logits
  virtual bool starts_at_context() const { return false; }
  // (..., E) -> (...): for a model that has learned when to stop. Throws Error otherwise.
  virtual Tensor stop_probability(const Tensor& x) const;

  // Whole sequences, causal: ids and state (B, S, ...).
  Tensor embed(const Tensor& ids) const;  // the context
  Tensor run(const Tensor& context, Tensor x, const Depth& depth) const;
  Tensor logits(const Tensor& x) const;
  Tensor forward(const Tensor& ids, const Tensor& x0, const Depth& depth) const;

  // G(x; context) for whole sequences: a sample is a sequence, x and context (B, S, E).
  Map map(const Tensor& context);

 private:
  ModelConfig config_;
  nn::RotaryTable rotary_;
};

// Mean cross entropy of the labels that are not -100; labels (...) are those of the logits' own rows, not shifted.
Tensor loss(const Tensor& logits, const Tensor& labels);

// The module of a config's architecture, with weights or as it is made.
std::shared_ptr<LoopedModule> make_module(const ModelConfig& config);
std::shared_ptr<LoopedModule> make_module(const ModelConfig& config, const Weights& weights);

}  // namespace fathom::llm
