// The looped language model Ouro [Zhu2025] arXiv:2510.25741: the whole stack is the loop, without injection.
//   h_0 = wte[ids],   h_{t+1} = N( B_L( ... B_1(h_t) ) ),   logits = head h_T
// with blocks whose norms stand on the branches (nn/transformer_block.h, RoPE on halves), and a gate that has learned
// when to stop: lambda_t = sigmoid( g . h_t + b ), stop at the first t whose cumulated probability
// 1 - prod_{j <= t} (1 - lambda_j) reaches the threshold (exit_rule.h, gate).
//
// Parameters: embed.weight, layers.i. and the names of TransformerBlock, norm.weight, head.weight,
// early_exit_gate.weight (1, E), early_exit_gate.bias (1). fused_ouro gives them from a checkpoint's names, whose
// q, k, v and gate, up projections are matrices of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fathom/domain/llm/looped_module.h"

namespace fathom::llm {

nn::BlockOptions ouro_block(const ModelConfig& config);

class Ouro : public LoopedModule {
 public:
  explicit Ouro(const ModelConfig& config);

  Tensor prelude(const Tensor& ids, const nn::RotaryTable& rotary, const LayerAttend& attend) const override;
  Tensor core(const Tensor& x, const Tensor& context, const nn::RotaryTable& rotary,
              const LayerAttend& attend) const override;
  Tensor latent(const Tensor& x) const override { return x; }
  Tensor coda(const Tensor& x, const nn::RotaryTable& rotary, const LayerAttend& attend) const override { return x; }
  Tensor head(const Tensor& z) const override;
  bool starts_at_context() const override { return true; }
  Tensor stop_probability(const Tensor& x) const override;

 private:
  class Gate;

  std::shared_ptr<nn::Matrix> embed_, head_;  // head_ is null when tied
  std::vector<std::shared_ptr<nn::TransformerBlock>> layers_;
  std::shared_ptr<nn::RmsNorm> norm_;
  std::shared_ptr<Gate> gate_;
};

// The checkpoint's tensors under Ouro's parameter names.
Weights fused_ouro(const Weights& checkpoint);

}  // namespace fathom::llm
