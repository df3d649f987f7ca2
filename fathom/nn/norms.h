// Linear layers whose spectral norm is below a given number, proved and not only estimated.
//
// norm_bound(W) >= ||W||_2, by Gram iteration [Delattre2023] arXiv:2305.16173:
//   G_0 = W,  G_{k+1} = G_k' G_k   =>   ||W||_2 = ||G_n||_2^(1/2^n) <= ||G_n||_F^(1/2^n)
// Proof. sigma(G'G) = sigma(G)^2 for the largest singular value, and ||.||_2 <= ||.||_F. The overestimate is at most
// r^(1/2^(n+1)), r the rank, since ||.||_F <= sqrt(r) ||.||_2: for n = 5 and r = 256, 9%.
// Rounding. All is done in float64 with every G_k scaled to Frobenius norm 1, in which case the computed product is off
// by at most m u in the Frobenius norm (m the length of the sums, u = 2^-53) and the computed norms by the factor
// 1 + m n u. Both are below delta = 4 max(m, n)^2 2^-52, which is added at every step of the way back:
//   b_n = 1 + delta,   b_k = sqrt(||P_{k+1}||_F b_{k+1} (1 + delta) + delta)
// so that the bound holds for the numbers as stored, for any order of summation. (A power iteration converges from
// below: its value is never a bound.) A layer's weight is rounded to its dtype once more, each entry by a factor
// 1 + u'; that is at most u' ||W||_F <= u' sqrt(r) ||W||_2, and is taken off too.
//
//   SpectralLinear  y = W y + b with W = V min(1, L / norm_bound(V)):  ||W||_2 <= L; tight, O(n d^3) a forward pass
//   WeightLinear    row i of W is g_i v_i / ||v_i|| [SalimansKingma2016] arXiv:1602.07868 with g scaled to ||g||_2 <=
//   L:
//                   ||W||_2 <= ||W||_F = ||g||_2 <= L; loose by up to sqrt(r), O(d^2)
//
// Both are differentiable. Shapes: x (..., in) -> (..., out). Names: weight (or direction, gain), bias.
// Errors (fathom::Error): bound L not positive; iterations outside [0, 30].
#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

// A float64 scalar that is at least ||W||_2; W (m, n) floating. 0 for W = 0.
Tensor norm_bound(const Tensor& W, std::int64_t iterations = 5);

class SpectralLinear : public torch::nn::Module {
 public:
  SpectralLinear(std::int64_t in, std::int64_t out, double L = 1, bool with_bias = true);

  Tensor bounded_weight() const;  // (out, in), of norm at most L
  Tensor forward(const Tensor& x) const;
  double lipschitz() const { return L_; }

  Tensor weight, bias;  // V (out, in); (out) or undefined

 private:
  double L_;
};

class WeightLinear : public torch::nn::Module {
 public:
  WeightLinear(std::int64_t in, std::int64_t out, double L = 1, bool with_bias = true);

  Tensor bounded_weight() const;
  Tensor forward(const Tensor& x) const;
  double lipschitz() const { return L_; }

  Tensor direction, gain, bias;  // v (out, in), g (out); (out) or undefined

 private:
  double L_;
};

}  // namespace fathom::nn
