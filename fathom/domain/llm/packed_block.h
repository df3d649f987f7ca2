// A transformer block (nn/transformer_block.h) on packed weights and plain memory: the fast path of decoding.
//
// Products read each weight once and give a row the same bits alone and in any batch (kernel::Gemv), and all else is
// row by row, so a sequence's numbers do not depend on what else is in the batch. Sums are float32. Nothing is
// allocated once the working memory has grown to a pass's size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/llm/looped_model.h"
#include "fathom/domain/llm/weights.h"
#include "fathom/kernel/gemv.h"
#include "fathom/nn/transformer_block.h"

namespace fathom::llm {

// What all blocks share during a pass.
struct PackedWorkspace {
  void reserve(const ModelConfig& config, std::int64_t rows);

  std::vector<float> normed, qkv, attended, branch, wide, gated, scores;
  std::vector<std::int64_t> index, positions;
};

class PackedBlock {
 public:
  // The tensors `prefix` + "attn.Wqkv.weight" ...
  PackedBlock(const nn::BlockOptions& options, const Weights& weights, const std::string& prefix,
              kernel::WeightFormat format);

  // x (rows, E) in place; keys and values in `slot` of the pieces' caches.
  void run(Chunk chunk, std::int64_t slot, const nn::RotaryTable& rotary, PackedWorkspace& work, float* x) const;
  std::size_t bytes() const;  // that one token reads

 private:
  void place(const Piece& piece, std::int64_t row, const nn::RotaryTable& rotary, float* qkv) const;
  void attend(const Piece& piece, std::int64_t chunk_slot, const float* qkv, PackedWorkspace& work, float* out) const;
  void join(std::int64_t rows, const std::vector<float>& norm, float* branch, float* x) const;
  void gate(std::int64_t rows, PackedWorkspace& work) const;

  nn::BlockOptions options_;
  kernel::Gemv qkv_, proj_, fc_, out_;
  std::vector<float> qk_bias_;  // (2, E) or empty
  std::vector<float> norm_1_, norm_2_, norm_3_, norm_4_;
};

kernel::Gemv pack(const Weights& weights, const std::string& name, std::int64_t out, std::int64_t in,
                  kernel::WeightFormat format);
std::vector<float> numbers(const Weights& weights, const std::string& name, const std::vector<std::int64_t>& shape);

}  // namespace fathom::llm
