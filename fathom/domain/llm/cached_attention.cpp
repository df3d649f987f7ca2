#include "fathom/domain/llm/cached_attention.h"

#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include "fathom/nn/attention.h"
#include "fathom/tensor/convert.h"

namespace fathom::llm {

namespace {

Tensor as_tensor(const std::vector<std::int64_t>& values, c10::Device device) {
  return tensor::from_int64s(values, {static_cast<std::int64_t>(values.size())}).to(device);
}

// One piece: q, k, v (rows, heads, d) -> (rows, width).
Tensor attend_piece(const Piece& piece, std::int64_t chunk_slot, const Tensor& q, const Tensor& k, const Tensor& v) {
  Cache& cache = *piece.cache;
  const std::int64_t slot = piece.own_slot(chunk_slot);
  const std::int64_t place = cache.slots.store(slot, piece.first, piece.rows), end = piece.first + piece.rows;
  cache.keys[place].narrow(0, piece.first, piece.rows).copy_(k.flatten(-2));
  cache.values[place].narrow(0, piece.first, piece.rows).copy_(v.flatten(-2));
  std::vector<std::int64_t> index, positions;
  const bool all = cache.slots.visible(slot, end, index, positions);
  const Tensor seen = all ? Tensor() : as_tensor(index, q.device());
  const auto gathered = [&](const Tensor& stored) {
    const Tensor rows = all ? stored[place].narrow(0, 0, end) : stored.flatten(0, 1).index_select(0, seen);
    return rows.unflatten(-1, {q.size(-2), -1});
  };
  Tensor mask;
  if (piece.rows > 1) {
    const Tensor own = at::arange(piece.first, end, as_tensor({}, q.device()).options());
    mask = as_tensor(positions, q.device()).unsqueeze(0) <= own.unsqueeze(1);
  }
  return nn::attention(q, gathered(cache.keys), gathered(cache.values), mask);
}

}  // namespace

Cache make_tensor_cache(const ModelConfig& config, const CacheOptions& o, const at::TensorOptions& type) {
  CacheSlots slots(layout_of(config), o.strategy, o.recurrences, o.capacity, o.seed);
  const std::vector<std::int64_t> shape = {slots.stored(), o.capacity, config.width};
  return {std::move(slots), at::zeros(shape, type), at::zeros(shape, type)};
}

nn::Attend cached_attention(Chunk chunk, std::int64_t slot) {
  return [chunk, slot](const Tensor& q, const Tensor& k, const Tensor& v) {
    std::vector<Tensor> parts;
    std::int64_t row = 0;
    for (const Piece& piece : chunk) {
      const auto of = [&](const Tensor& x) { return x.narrow(0, row, piece.rows); };
      parts.push_back(attend_piece(piece, slot, of(q), of(k), of(v)));
      row += piece.rows;
    }
    return parts.size() == 1 ? parts[0] : at::cat(parts);
  };
}

Tensor positions_of(Chunk chunk, c10::Device device) {
  std::vector<std::int64_t> positions;
  for (const Piece& piece : chunk) {
    for (std::int64_t i = 0; i < piece.rows; ++i) positions.push_back(piece.first + i);
  }
  return as_tensor(positions, device);
}

std::int64_t rows_of(Chunk chunk) {
  std::int64_t rows = 0;
  for (const Piece& piece : chunk) rows += piece.rows;
  return rows;
}

}  // namespace fathom::llm
