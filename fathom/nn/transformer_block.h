// A transformer block with four norms. Keys and values go where the caller wants them: `attend` gets q, k, v of the
// rows and gives what attention makes of them, with or without a cache.
//
// Norms::on_sum (the sandwich block of recurrent-depth transformers [Geiping2025] arXiv:2502.05171)
//   x = N2( Wo attend(q, k, v) + x ),       [q|k|v] = Wqkv N1(x),   q += b_q,  k += b_k,  q and k turned by RoPE
//   x = N4( Wproj( silu(g) u ) + x ),       [g|u] = Wfc N3(x)
// Norms::on_branch
//   x += N2( Wo attend(q, k, v) ),   x += N4( Wproj( silu(g) u ) )
//
// Shapes   x (..., rows, E); q, k, v (..., rows, heads, E / heads); attend gives (..., rows, E).
// Names    attn.Wqkv.weight (3E, E), attn.proj.weight (E, E), attn.qk_bias (2, 1, heads, E / heads) where there is one,
//          mlp.fc.weight (2I, E), mlp.proj.weight (E, I), norm_1.weight .. norm_4.weight (E).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <torch/nn/module.h>

#include "fathom/nn/rms_norm.h"
#include "fathom/nn/rotary.h"
#include "fathom/tensor/tensor.h"

namespace fathom::nn {

enum class Norms { on_sum, on_branch };

struct BlockOptions {
  std::int64_t width = 0, heads = 0, hidden = 0;  // E, H, I
  double eps = 1e-6;
  bool qk_bias = false;
  Norms norms = Norms::on_sum;
  RotaryPairs pairs = RotaryPairs::neighbours;
};

using Attend = std::function<Tensor(const Tensor& q, const Tensor& k, const Tensor& v)>;

// A matrix without bias, for weights that are loaded: zero at the start.
class Matrix : public torch::nn::Module {
 public:
  Matrix(std::int64_t out, std::int64_t in);
  Tensor forward(const Tensor& x) const;

  Tensor weight;
};

class TransformerBlock : public torch::nn::Module {
 public:
  explicit TransformerBlock(const BlockOptions& options);

  // `rotary` has the rows' positions.
  Tensor forward(const Tensor& x, const RotaryTable& rotary, const Attend& attend) const;

 private:
  class Attention;
  class GatedMlp;

  Norms norms_;
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<GatedMlp> mlp_;
  std::shared_ptr<RmsNorm> norm_1_, norm_2_, norm_3_, norm_4_;
};

}  // namespace fathom::nn
