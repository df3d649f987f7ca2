#include "fathom/domain/llm/packed_ouro.h"

#include <algorithm>

#include <fmt/format.h>
#include <cmath>
#include <numeric>

#include "fathom/domain/llm/cached_attention.h"
#include "fathom/domain/llm/ouro.h"
#include "fathom/kernel/rms_norm.h"

namespace fathom::llm {

PackedOuro::PackedOuro(const ModelConfig& c, const Weights& weights, kernel::WeightFormat format)
    : config_(c),
      rotary_(nn::rotary_table(c.context, c.head_dim(), c.rope_base)),
      norm_(numbers(weights, "norm.weight", {c.width})),
      gate_(numbers(weights, "early_exit_gate.weight", {1, c.width})),
      gate_bias_(numbers(weights, "early_exit_gate.bias", {1})[0]) {
  layers_.reserve(c.core);
  for (std::int64_t i = 0; i < c.core; ++i)
    layers_.emplace_back(ouro_block(c), weights, fmt::format("layers.{}.", i), format);
  const auto table = [&](const char* name) {
    return std::make_shared<kernel::Gemv>(pack(weights, name, c.vocabulary, c.width, format));
  };
  embedding_ = table("embed.weight");
  head_ = c.tied ? embedding_ : table("head.weight");
}

Cache PackedOuro::make_cache(const CacheOptions& options) const {
  return make_tensor_cache(config_, options, at::kFloat);
}

void PackedOuro::prelude(Chunk chunk, const std::int64_t* ids, float* context) {
  const std::int64_t rows = rows_of(chunk), width = config_.width;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < width; ++k) context[r * width + k] = embedding_->weight(ids[r], k);
  }
}

void PackedOuro::core(Chunk chunk, std::int64_t t, const float*, float* x) {
  const std::int64_t rows = rows_of(chunk);
  work_.reserve(config_, rows);
  const SlotLayout layout = layout_of(config_);
  for (std::int64_t i = 0; i < config_.core; ++i) layers_[i].run(chunk, layout.core_slot(t, i), rotary_, work_, x);
  kernel::rms_norm(rows, config_.width, x, nullptr, norm_.data(), static_cast<float>(config_.norm_eps), x);
}

void PackedOuro::coda(Chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) {
  const std::int64_t width = config_.width;
  picked_.resize(std::max(picked_.size(), wanted.size() * static_cast<std::size_t>(width)));
  for (std::size_t w = 0; w < wanted.size(); ++w) std::copy_n(x + wanted[w] * width, width, picked_.data() + w * width);
  head_->evaluate(static_cast<std::int64_t>(wanted.size()), picked_.data(), logits);
}

void PackedOuro::latent(std::int64_t rows, const float* x, float* out) { std::copy_n(x, rows * config_.width, out); }

double PackedOuro::stop_probability(const float* x) {
  const double z = std::inner_product(gate_.begin(), gate_.end(), x, static_cast<double>(gate_bias_));
  return 1 / (1 + std::exp(-z));
}

}  // namespace fathom::llm
