#include "fathom/nn/monotone.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"

namespace fathom::nn {

MonotoneLinear::MonotoneLinear(std::int64_t width, double margin, bool with_bias) : m_(margin) {
  base::require(margin > 0 && margin <= 1, "nn::MonotoneLinear", "margin", margin, "in (0, 1]",
                "0.1 leaves room; 0 guarantees nothing");
  // ||A||, ||B|| are about 1: W starts at the size of the identity.
  const double scale = 0.5 / std::sqrt(static_cast<double>(width));
  A = register_parameter("A", scale * at::randn({width, width}));
  B = register_parameter("B", scale * at::randn({width, width}));
  if (with_bias) bias = register_parameter("bias", at::zeros({width}));
}

Tensor MonotoneLinear::weight() const {
  return (1 - m_) * at::eye(A.size(0), A.options().requires_grad(false)) - at::matmul(A.t(), A) + B - B.t();
}

Tensor MonotoneLinear::forward(const Tensor& x) const { return at::linear(x, weight(), bias); }

}  // namespace fathom::nn
