// Raven (raven.h) on packed weights: float32, bfloat16 or int8 with group scales (kernel/gemv.h), states and sums in
// float32, on the CPU. In float32 its tokens are those of the tensor path.
//
// The adapter's product is split, A [x ; e] = A_x x + A_e e, and A_e e + a computed once a token: that is the context.
// Cost of a token at r recurrences: one reading of prelude, A_e, coda and head, r of core and A_x: bytes_read(r).
#pragma once

#include <memory>
#include <vector>

#include "fathom/domain/llm/packed_block.h"

namespace fathom::llm {

class PackedRaven : public LoopedModel {
 public:
  // Reads and packs one tensor at a time.
  PackedRaven(const ModelConfig& config, const Weights& weights, kernel::WeightFormat format);

  const ModelConfig& config() const override { return config_; }
  Cache make_cache(const CacheOptions& options) const override;
  void prelude(Chunk chunk, const std::int64_t* ids, float* context) override;
  void core(Chunk chunk, std::int64_t t, const float* context, float* x) override;
  void coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) override;
  void latent(std::int64_t rows, const float* x, float* out) override;

  double bytes_read(std::int64_t recurrences) const;  // of weights, by one token alone

 private:
  void normalise(std::int64_t rows, const float* x, float* out) const;

  ModelConfig config_;
  nn::RotaryTable rotary_;
  std::vector<PackedBlock> prelude_, core_, coda_;
  std::unique_ptr<kernel::Gemv> adapter_x_, adapter_e_;
  std::shared_ptr<kernel::Gemv> embedding_, head_;  // one where they are tied
  std::vector<float> ln_f_;
  PackedWorkspace work_;
  std::vector<float> rows_, picked_;
};

}  // namespace fathom::llm
