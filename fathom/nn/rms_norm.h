// Root mean square normalisation of the last dimension [ZhangSennrich2019] arXiv:1910.07467:
//   N_w(x) = round( x / sqrt(mean(x^2) + eps) ) * w
// The quotient is computed in float32 (float64 for float64 x) and rounded to the dtype of x before the product with w.
// Shapes   x (..., width), w (width), of one dtype.   Parameter: weight, ones at the start.
#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps);

class RmsNorm : public torch::nn::Module {
 public:
  RmsNorm(std::int64_t width, double eps);
  Tensor forward(const Tensor& x) const { return rms_norm(x, weight, eps_); }

  Tensor weight;

 private:
  double eps_;
};

}  // namespace fathom::nn
