#include "fathom/domain/llm/tensor_model.h"

#include <ATen/core/grad_mode.h>

#include "fathom/domain/llm/cached_attention.h"
#include "fathom/domain/llm/tensor_rows.h"
#include "fathom/tensor/convert.h"

namespace fathom::llm {

namespace {

// Where the layers of one pass over the model keep their keys and values.
LayerAttend attend_of(Chunk chunk, const SlotLayout& layout, std::int64_t t) {
  return [=](Stage stage, std::int64_t layer) {
    if (stage == Stage::prelude) return cached_attention(chunk, layout.prelude_slot(layer));
    if (stage == Stage::coda) return cached_attention(chunk, layout.coda_slot(layer));
    return cached_attention(chunk, layout.core_slot(t, layer));
  };
}

}  // namespace

at::TensorOptions TensorModel::type() const { return model_->parameters().front().options().requires_grad(false); }

Tensor TensorModel::load(const float* rows, std::int64_t count) const {
  return rows_from(rows, count, config().width, type());
}

Cache TensorModel::make_cache(const CacheOptions& options) const {
  return make_tensor_cache(config(), options, type());
}

void TensorModel::prelude(Chunk chunk, const std::int64_t* ids, float* context) {
  const at::NoGradGuard no_grad;
  const Tensor positions = positions_of(chunk, type().device());
  const Tensor tokens = tensor::from_int64s({ids, ids + positions.size(0)}, {positions.size(0)}).to(positions.device());
  rows_to(model_->prelude(tokens, model_->rotary(positions), attend_of(chunk, layout_of(config()), 0)), context);
}

void TensorModel::core(Chunk chunk, std::int64_t t, const float* context, float* x) {
  const at::NoGradGuard no_grad;
  const std::int64_t rows = rows_of(chunk);
  const nn::RotaryTable rotary = model_->rotary(positions_of(chunk, type().device()));
  rows_to(model_->core(load(x, rows), load(context, rows), rotary, attend_of(chunk, layout_of(config()), t)), x);
}

void TensorModel::coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) {
  const at::NoGradGuard no_grad;
  const nn::RotaryTable rotary = model_->rotary(positions_of(chunk, type().device()));
  const Tensor z = model_->coda(load(x, rows_of(chunk)), rotary, attend_of(chunk, layout_of(config()), 0));
  const Tensor rows = tensor::from_int64s({wanted.begin(), wanted.end()}, {static_cast<std::int64_t>(wanted.size())});
  rows_to(model_->head(z.index_select(0, rows.to(z.device()))), logits);
}

void TensorModel::latent(std::int64_t rows, const float* x, float* out) {
  const at::NoGradGuard no_grad;
  rows_to(model_->latent(load(x, rows)), out);
}

double TensorModel::stop_probability(const float* x) {
  const at::NoGradGuard no_grad;
  return model_->stop_probability(load(x, 1)).item<double>();
}

}  // namespace fathom::llm
