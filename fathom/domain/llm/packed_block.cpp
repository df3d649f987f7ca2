#include "fathom/domain/llm/packed_block.h"

#include <algorithm>

#include "fathom/kernel/activation.h"
#include "fathom/kernel/attention.h"
#include "fathom/kernel/rms_norm.h"
#include "fathom/kernel/rotary.h"

namespace fathom::llm {

kernel::Gemv pack(const Weights& weights, const std::string& name, std::int64_t out, std::int64_t in,
                  kernel::WeightFormat format) {
  return {format, weights.floats(name, {out, in}).data_ptr<float>(), out, in};
}

std::vector<float> numbers(const Weights& weights, const std::string& name, const std::vector<std::int64_t>& shape) {
  const Tensor tensor = weights.floats(name, shape);
  return {tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel()};
}

void PackedWorkspace::reserve(const ModelConfig& c, std::int64_t rows) {
  const auto at_least = [](std::vector<float>& numbers, std::int64_t count) {
    if (static_cast<std::int64_t>(numbers.size()) < count) numbers.resize(count);
  };
  at_least(normed, rows * c.width);
  at_least(qkv, rows * 3 * c.width);
  at_least(attended, rows * c.width);
  at_least(branch, rows * c.width);
  at_least(wide, rows * 2 * c.hidden);
  at_least(gated, rows * c.hidden);
  at_least(scores, c.heads * c.context);
  index.reserve(c.context);
  positions.reserve(c.context);
}

PackedBlock::PackedBlock(const nn::BlockOptions& o, const Weights& weights, const std::string& prefix,
                         kernel::WeightFormat format)
    : options_(o),
      qkv_(pack(weights, prefix + "attn.Wqkv.weight", 3 * o.width, o.width, format)),
      proj_(pack(weights, prefix + "attn.proj.weight", o.width, o.width, format)),
      fc_(pack(weights, prefix + "mlp.fc.weight", 2 * o.hidden, o.width, format)),
      out_(pack(weights, prefix + "mlp.proj.weight", o.width, o.hidden, format)),
      norm_1_(numbers(weights, prefix + "norm_1.weight", {o.width})),
      norm_2_(numbers(weights, prefix + "norm_2.weight", {o.width})),
      norm_3_(numbers(weights, prefix + "norm_3.weight", {o.width})),
      norm_4_(numbers(weights, prefix + "norm_4.weight", {o.width})) {
  if (o.qk_bias) qk_bias_ = numbers(weights, prefix + "attn.qk_bias", {2, 1, o.heads, o.width / o.heads});
}

std::size_t PackedBlock::bytes() const { return qkv_.bytes() + proj_.bytes() + fc_.bytes() + out_.bytes(); }

// Bias and rotation of one row's queries and keys.
void PackedBlock::place(const Piece& piece, std::int64_t row, const nn::RotaryTable& rotary, float* qkv) const {
  const std::int64_t dim = options_.width / options_.heads, at = (piece.first + row) * (dim / 2);
  const float *cos = rotary.cos.data_ptr<float>() + at, *sin = rotary.sin.data_ptr<float>() + at;
  const auto turn = options_.pairs == nn::RotaryPairs::neighbours ? kernel::rotate_neighbours : kernel::rotate_halves;
  for (std::size_t i = 0; i < qk_bias_.size(); ++i) qkv[i] += qk_bias_[i];
  turn(options_.heads, dim, cos, sin, qkv);
  turn(options_.heads, dim, cos, sin, qkv + options_.width);
}

void PackedBlock::attend(const Piece& piece, std::int64_t chunk_slot, const float* qkv, PackedWorkspace& work,
                         float* out) const {
  const std::int64_t width = options_.width, slot = piece.own_slot(chunk_slot);
  Cache& cache = *piece.cache;
  const std::int64_t place = cache.slots.store(slot, piece.first, piece.rows);
  float *keys = cache.keys.data_ptr<float>(), *values = cache.values.data_ptr<float>();
  for (std::int64_t r = 0; r < piece.rows; ++r) {
    const std::int64_t at = (place * cache.slots.capacity() + piece.first + r) * width;
    std::copy_n(qkv + (3 * r + 1) * width, width, keys + at);
    std::copy_n(qkv + (3 * r + 2) * width, width, values + at);
  }
  cache.slots.visible(slot, piece.first + piece.rows, work.index, work.positions);
  for (std::int64_t r = 0; r < piece.rows; ++r) {
    const auto end = std::upper_bound(work.positions.begin(), work.positions.end(), piece.first + r);
    const auto seen = static_cast<std::size_t>(end - work.positions.begin());
    kernel::attend({keys, values, options_.heads, width / options_.heads, std::span(work.index).first(seen)},
                   qkv + 3 * r * width, work.scores.data(), out + r * width);
  }
}

// A branch's result into the stream x.
void PackedBlock::join(std::int64_t rows, const std::vector<float>& norm, float* branch, float* x) const {
  const auto eps = static_cast<float>(options_.eps);
  if (options_.norms == nn::Norms::on_sum)
    return kernel::rms_norm(rows, options_.width, x, branch, norm.data(), eps, x);
  kernel::rms_norm(rows, options_.width, branch, nullptr, norm.data(), eps, branch);
  for (std::int64_t i = 0; i < rows * options_.width; ++i) x[i] += branch[i];
}

void PackedBlock::gate(std::int64_t rows, PackedWorkspace& work) const {
  const std::int64_t hidden = options_.hidden;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* wide = work.wide.data() + 2 * r * hidden;
    float* to = work.gated.data() + r * hidden;
    kernel::activate<float>(kernel::Activation::silu, {wide, static_cast<std::size_t>(hidden)}, to);
    for (std::int64_t i = 0; i < hidden; ++i) to[i] *= wide[hidden + i];
  }
}

void PackedBlock::run(Chunk chunk, std::int64_t slot, const nn::RotaryTable& rotary, PackedWorkspace& work,
                      float* x) const {
  const std::int64_t width = options_.width;
  const auto eps = static_cast<float>(options_.eps);
  std::int64_t rows = 0;
  for (const Piece& piece : chunk) rows += piece.rows;
  kernel::rms_norm(rows, width, x, nullptr, norm_1_.data(), eps, work.normed.data());
  qkv_.evaluate(rows, work.normed.data(), work.qkv.data());
  std::int64_t row = 0;
  for (const Piece& piece : chunk) {
    float* qkv = work.qkv.data() + 3 * row * width;
    for (std::int64_t r = 0; r < piece.rows; ++r) place(piece, r, rotary, qkv + 3 * r * width);
    attend(piece, slot, qkv, work, work.attended.data() + row * width);
    row += piece.rows;
  }
  proj_.evaluate(rows, work.attended.data(), work.branch.data());
  join(rows, norm_2_, work.branch.data(), x);
  kernel::rms_norm(rows, width, x, nullptr, norm_3_.data(), eps, work.normed.data());
  fc_.evaluate(rows, work.normed.data(), work.wide.data());
  gate(rows, work);
  out_.evaluate(rows, work.gated.data(), work.branch.data());
  join(rows, norm_4_, work.branch.data(), x);
}

}  // namespace fathom::llm
