#include "fathom/domain/llm/packed_raven.h"

#include <algorithm>

#include <fmt/format.h>

#include "fathom/domain/llm/cached_attention.h"
#include "fathom/kernel/rms_norm.h"

namespace fathom::llm {

namespace {

std::vector<PackedBlock> pack_blocks(const ModelConfig& c, const Weights& weights, const std::string& name,
                                     std::int64_t count, kernel::WeightFormat format) {
  const nn::BlockOptions options{
      .width = c.width, .heads = c.heads, .hidden = c.hidden, .eps = c.norm_eps, .qk_bias = c.qk_bias};
  std::vector<PackedBlock> blocks;
  blocks.reserve(count);
  for (std::int64_t i = 0; i < count; ++i)
    blocks.emplace_back(options, weights, fmt::format("transformer.{}.{}.", name, i), format);
  return blocks;
}

}  // namespace

PackedRaven::PackedRaven(const ModelConfig& c, const Weights& weights, kernel::WeightFormat format)
    : config_(c),
      rotary_(nn::rotary_table(c.context, c.head_dim(), c.rope_base)),
      prelude_(pack_blocks(c, weights, "prelude", c.prelude, format)),
      core_(pack_blocks(c, weights, "core_block", c.core, format)),
      coda_(pack_blocks(c, weights, "coda", c.coda, format)),
      ln_f_(numbers(weights, "transformer.ln_f.weight", {c.width})) {
  const Tensor adapter = weights.floats("transformer.adapter.weight", {c.width, 2 * c.width});
  const auto half = [&](std::int64_t first) { return adapter.narrow(1, first, c.width).contiguous(); };
  std::vector<float> bias;
  if (c.adapter_bias) bias = numbers(weights, "transformer.adapter.bias", {c.width});
  adapter_x_ = std::make_unique<kernel::Gemv>(format, half(0).data_ptr<float>(), c.width, c.width);
  adapter_e_ = std::make_unique<kernel::Gemv>(format, half(c.width).data_ptr<float>(), c.width, c.width,
                                              bias.empty() ? nullptr : bias.data());
  const auto table = [&](const std::string& name) {
    return std::make_shared<kernel::Gemv>(pack(weights, name, c.vocabulary, c.width, format));
  };
  embedding_ = table("transformer.wte.weight");
  head_ = c.tied ? embedding_ : table("lm_head.weight");
}

double PackedRaven::bytes_read(std::int64_t recurrences) const {
  const auto sum = [](const std::vector<PackedBlock>& blocks) {
    double bytes = 0;
    for (const PackedBlock& block : blocks) bytes += static_cast<double>(block.bytes());
    return bytes;
  };
  const auto size = [](const kernel::Gemv& weight) { return static_cast<double>(weight.bytes()); };
  return sum(prelude_) + sum(coda_) + size(*adapter_e_) + size(*head_) +
         static_cast<double>(recurrences) * (sum(core_) + size(*adapter_x_));
}

Cache PackedRaven::make_cache(const CacheOptions& options) const {
  return make_tensor_cache(config_, options, at::kFloat);
}

void PackedRaven::prelude(Chunk chunk, const std::int64_t* ids, float* context) {
  const std::int64_t rows = rows_of(chunk), width = config_.width;
  work_.reserve(config_, rows);
  rows_.resize(std::max(rows_.size(), static_cast<std::size_t>(rows * width)));
  const auto scale = static_cast<float>(config_.embedding_scale);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < width; ++k) rows_[r * width + k] = embedding_->weight(ids[r], k) * scale;
  }
  const SlotLayout layout = layout_of(config_);
  for (std::int64_t i = 0; i < config_.prelude; ++i)
    prelude_[i].run(chunk, layout.prelude_slot(i), rotary_, work_, rows_.data());
  adapter_e_->evaluate(rows, rows_.data(), context);
}

void PackedRaven::core(Chunk chunk, std::int64_t t, const float* context, float* x) {
  const std::int64_t rows = rows_of(chunk);
  work_.reserve(config_, rows);
  adapter_x_->evaluate(rows, x, work_.branch.data(), {context});
  std::copy_n(work_.branch.data(), rows * config_.width, x);
  const SlotLayout layout = layout_of(config_);
  for (std::int64_t i = 0; i < config_.core; ++i) core_[i].run(chunk, layout.core_slot(t, i), rotary_, work_, x);
}

void PackedRaven::normalise(std::int64_t rows, const float* x, float* out) const {
  kernel::rms_norm(rows, config_.width, x, nullptr, ln_f_.data(), static_cast<float>(config_.norm_eps), out);
}

void PackedRaven::coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) {
  const std::int64_t rows = rows_of(chunk), width = config_.width;
  work_.reserve(config_, rows);
  rows_.resize(std::max(rows_.size(), static_cast<std::size_t>(rows * width)));
  normalise(rows, x, rows_.data());
  const SlotLayout layout = layout_of(config_);
  for (std::int64_t i = 0; i < config_.coda; ++i)
    coda_[i].run(chunk, layout.coda_slot(i), rotary_, work_, rows_.data());
  picked_.resize(std::max(picked_.size(), wanted.size() * static_cast<std::size_t>(width)));
  for (std::size_t w = 0; w < wanted.size(); ++w)
    std::copy_n(rows_.data() + wanted[w] * width, width, picked_.data() + w * width);
  const auto count = static_cast<std::int64_t>(wanted.size());
  normalise(count, picked_.data(), picked_.data());
  head_->evaluate(count, picked_.data(), logits);
}

void PackedRaven::latent(std::int64_t rows, const float* x, float* out) { normalise(rows, x, out); }

}  // namespace fathom::llm
