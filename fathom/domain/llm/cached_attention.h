// Attention over the caches of a chunk, on tensors: stores the new keys and values, gathers what the slot shows.
#pragma once

#include <cstdint>

#include "fathom/domain/llm/looped_model.h"
#include "fathom/nn/transformer_block.h"

namespace fathom::llm {

Cache make_tensor_cache(const ModelConfig& config, const CacheOptions& options, const at::TensorOptions& type);

// q, k, v (rows, heads, d) of the chunk's rows; all pieces store to and look into `slot` of their own cache
// (the slot as far ahead as the piece is).
nn::Attend cached_attention(Chunk chunk, std::int64_t slot);

// The positions of the chunk's rows, int64.
Tensor positions_of(Chunk chunk, c10::Device device);
std::int64_t rows_of(Chunk chunk);

}  // namespace fathom::llm
