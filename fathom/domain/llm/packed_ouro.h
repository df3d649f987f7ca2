// Ouro (ouro.h) on packed weights, as PackedRaven is for Raven.
#pragma once

#include <memory>
#include <vector>

#include "fathom/domain/llm/packed_block.h"

namespace fathom::llm {

class PackedOuro : public LoopedModel {
 public:
  // `weights` under Ouro's parameter names (fused_ouro for a checkpoint's).
  PackedOuro(const ModelConfig& config, const Weights& weights, kernel::WeightFormat format);

  const ModelConfig& config() const override { return config_; }
  Cache make_cache(const CacheOptions& options) const override;
  void prelude(Chunk chunk, const std::int64_t* ids, float* context) override;
  void core(Chunk chunk, std::int64_t t, const float* context, float* x) override;
  void coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) override;
  void latent(std::int64_t rows, const float* x, float* out) override;
  bool starts_at_context() const override { return true; }
  double stop_probability(const float* x) override;

 private:
  ModelConfig config_;
  nn::RotaryTable rotary_;
  std::vector<PackedBlock> layers_;
  std::shared_ptr<kernel::Gemv> embedding_, head_;  // one where they are tied
  std::vector<float> norm_, gate_;
  float gate_bias_ = 0;
  PackedWorkspace work_;
  std::vector<float> picked_;
};

}  // namespace fathom::llm
