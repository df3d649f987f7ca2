// The recurrent-depth transformer (Huginn, model type "huginn_raven") [Geiping2025] arXiv:2502.05171:
//   e = B_P ( s wte[ids] )                                     prelude, once; s = sqrt(E)
//   x <- B_C( A [x ; e] + a ),  r times from x_0               core: one block G(x; e), the weight-tied loop
//   z = ln_f( B_D( ln_f(x_r) ) ),   logits = head z            coda; the same ln_f twice
// with sandwich blocks B (nn/transformer_block.h). x_0 is random, given or zero; e enters through the adapter alone.
//
// The parameters carry the names of the checkpoint ("transformer.core_block.0.attn.Wqkv.weight", ...); a tied head is
// not a parameter of its own. The context is e.
#pragma once

#include <cstdint>
#include <memory>

#include "fathom/domain/llm/looped_module.h"

namespace fathom::llm {

class Raven : public LoopedModule {
 public:
  explicit Raven(const ModelConfig& config);

  Tensor prelude(const Tensor& ids, const nn::RotaryTable& rotary, const LayerAttend& attend) const override;
  Tensor adapter(const Tensor& x, const Tensor& e) const;
  Tensor core_layer(std::int64_t layer, const Tensor& x, const nn::RotaryTable& rotary, const nn::Attend& attend) const;
  Tensor core(const Tensor& x, const Tensor& e, const nn::RotaryTable& rotary,
              const LayerAttend& attend) const override;
  Tensor latent(const Tensor& x) const override;  // ln_f(x)
  Tensor coda_layer(std::int64_t layer, const Tensor& z, const nn::RotaryTable& rotary, const nn::Attend& attend) const;
  Tensor coda(const Tensor& x, const nn::RotaryTable& rotary, const LayerAttend& attend) const override;
  Tensor head(const Tensor& z) const override;

 private:
  class Transformer;

  std::shared_ptr<Transformer> transformer_;
  std::shared_ptr<nn::Matrix> head_;  // null when tied
};

}  // namespace fathom::llm
