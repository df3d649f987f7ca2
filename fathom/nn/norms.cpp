#include "fathom/nn/norms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/where.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/nn/init.h>

#include "fathom/base/error.h"

namespace fathom::nn {

namespace {

void require_bound(double L, const char* place) {
  base::require(L > 0 && std::isfinite(L), place, "L", L, "in (0, inf)", "it bounds the norm of the weight");
}

// What rounding entries of W to its dtype can add to the norm, as a factor, and the arithmetic of the scale itself.
double rounding_factor(const Tensor& W) {
  const double u =
      W.scalar_type() == at::kDouble ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
  return 1 + 2 * u * (1 + std::sqrt(static_cast<double>(std::min(W.size(0), W.size(1)))));
}

// W scaled down to norm L where its bound is above it.
Tensor within(const Tensor& W, const Tensor& bound, double L) {
  const Tensor scale = at::where(bound > L, L / bound, at::ones_like(bound)) / rounding_factor(W);
  return (W.to(at::kDouble) * scale).to(W.scalar_type());
}

Tensor frobenius(const Tensor& matrix) { return at::linalg_vector_norm(matrix); }

}  // namespace

Tensor norm_bound(const Tensor& W, std::int64_t iterations) {
  base::require(iterations >= 0 && iterations <= 30, "nn::norm_bound", "iterations", iterations, "in [0, 30]",
                "5 are within 9% for a rank of 256");
  const Tensor wide = W.to(at::kDouble), largest = wide.detach().abs().max();
  if (largest.item<double>() == 0) return 0 * wide.sum();
  const double longest = static_cast<double>(std::max(W.size(0), W.size(1)));
  const double delta = 4 * longest * longest * std::numeric_limits<double>::epsilon();
  // The smaller of the two Gram matrices.
  Tensor G = (W.size(0) < W.size(1) ? wide.t() : wide) / largest;
  const Tensor first = frobenius(G);
  G = G / first;
  std::vector<Tensor> sizes;
  for (std::int64_t k = 0; k < iterations; ++k) {
    const Tensor P = at::matmul(G.t(), G);
    sizes.push_back(frobenius(P));
    G = P / sizes.back();
  }
  Tensor bound = at::full({}, 1 + delta, wide.options().requires_grad(false));
  for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) bound = at::sqrt(*size * bound * (1 + delta) + delta);
  return largest * first * bound * (1 + delta);
}

SpectralLinear::SpectralLinear(std::int64_t in, std::int64_t out, double L, bool with_bias) : L_(L) {
  require_bound(L, "nn::SpectralLinear");
  weight = register_parameter("weight", torch::nn::init::orthogonal_(at::empty({out, in})));
  if (with_bias) bias = register_parameter("bias", at::zeros({out}));
}

Tensor SpectralLinear::bounded_weight() const { return within(weight, norm_bound(weight), L_); }

Tensor SpectralLinear::forward(const Tensor& x) const { return at::linear(x, bounded_weight(), bias); }

WeightLinear::WeightLinear(std::int64_t in, std::int64_t out, double L, bool with_bias) : L_(L) {
  require_bound(L, "nn::WeightLinear");
  direction = register_parameter("direction", torch::nn::init::orthogonal_(at::empty({out, in})));
  gain = register_parameter("gain", at::full({out}, L / std::sqrt(static_cast<double>(out))));
  if (with_bias) bias = register_parameter("bias", at::zeros({out}));
}

Tensor WeightLinear::bounded_weight() const {
  const Tensor v = direction.to(at::kDouble), g = gain.to(at::kDouble);
  const Tensor length = at::linalg_vector_norm(v, 2, {1}, true);
  // A direction of length 0 has none: its row is 0.
  const Tensor W = g.unsqueeze(1) * at::where(length > 0, v / length, at::zeros_like(v));
  const double slack = 1 + 4 * static_cast<double>(v.numel()) * std::numeric_limits<double>::epsilon();
  return within(W, slack * at::linalg_vector_norm(g), L_).div(rounding_factor(direction)).to(direction.scalar_type());
}

Tensor WeightLinear::forward(const Tensor& x) const { return at::linear(x, bounded_weight(), bias); }

}  // namespace fathom::nn
