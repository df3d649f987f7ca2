// A looped language model on tensors, in whatever dtype and on whatever device its parameters are: the exact path of
// decoding.
#pragma once

#include <memory>

#include "fathom/domain/llm/looped_model.h"
#include "fathom/domain/llm/looped_module.h"

namespace fathom::llm {

class TensorModel : public LoopedModel {
 public:
  explicit TensorModel(std::shared_ptr<const LoopedModule> model) : model_(std::move(model)) {}

  const ModelConfig& config() const override { return model_->config(); }
  Cache make_cache(const CacheOptions& options) const override;
  void prelude(Chunk chunk, const std::int64_t* ids, float* context) override;  // context = e
  void core(Chunk chunk, std::int64_t t, const float* context, float* x) override;
  void coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) override;
  void latent(std::int64_t rows, const float* x, float* out) override;
  bool starts_at_context() const override { return model_->starts_at_context(); }
  double stop_probability(const float* x) override;

 private:
  at::TensorOptions type() const;
  Tensor load(const float* rows, std::int64_t count) const;

  std::shared_ptr<const LoopedModule> model_;
};

}  // namespace fathom::llm
