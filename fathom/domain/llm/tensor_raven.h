// Raven on tensors, in whatever dtype and on whatever device its parameters are: the exact path of decoding.
#pragma once

#include <memory>

#include "fathom/domain/llm/looped_model.h"
#include "fathom/domain/llm/raven.h"

namespace fathom::llm {

class TensorRaven : public LoopedModel {
 public:
  explicit TensorRaven(std::shared_ptr<const Raven> model) : model_(std::move(model)) {}

  const ModelConfig& config() const override { return model_->config(); }
  Cache make_cache(const CacheOptions& options) const override;
  void prelude(Chunk chunk, const std::int64_t* ids, float* context) override;  // context = e
  void core(Chunk chunk, std::int64_t t, const float* context, float* x) override;
  void coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) override;
  void latent(std::int64_t rows, const float* x, float* out) override;

 private:
  at::TensorOptions type() const;
  Tensor load(const float* rows, std::int64_t count) const;

  std::shared_ptr<const Raven> model_;
};

}  // namespace fathom::llm
