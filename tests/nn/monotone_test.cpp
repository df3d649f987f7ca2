#include "fathom/nn/monotone.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"
#include "fathom/tensor/device.h"

namespace fathom::nn {
namespace {

double least_eigenvalue(const Tensor& W) {
  const Tensor gap = at::eye(W.size(0), at::kDouble) - W.detach().to(at::kDouble);
  return at::linalg_eigvalsh((gap + gap.t()) / 2).min().item<double>();
}

RC_GTEST_PROP(MonotoneProperty, TheSymmetricPartIsAtLeastTheMargin, ()) {
  const auto width = *rc::gen::inRange<std::int64_t>(1, 24);
  const double margin = 0.05 * *rc::gen::inRange(1, 20), size = std::pow(10.0, *rc::gen::inRange(-3, 4));
  tensor::seed(static_cast<std::uint64_t>(*rc::gen::inRange(0, 100000)));
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    MonotoneLinear layer(width, margin);
    layer.to(type);
    const at::NoGradGuard no_grad;
    layer.A.copy_(size * at::randn_like(layer.A));
    layer.B.copy_(size * at::randn_like(layer.B));
    // Rounding of A'A and of the sum, relative to its entries: d size^2.
    const double eps = type == at::kFloat ? 1.2e-7 : 2.3e-16, d = static_cast<double>(width);
    const double rounding = 8 * eps * d * (1 + d * size * size + 4 * size);
    RC_ASSERT(least_eigenvalue(layer.weight()) >= margin - rounding);
  }
}

TEST(Monotone, ReachesWeightsFarBeyondAContraction) {
  tensor::seed(2);
  MonotoneLinear layer(8, 0.2);
  layer.to(at::kDouble);
  const at::NoGradGuard no_grad;
  layer.B.mul_(40);
  EXPECT_GT(at::linalg_matrix_norm(layer.weight(), 2).item<double>(), 10);
  EXPECT_GE(least_eigenvalue(layer.weight()), 0.2 - 1e-12);
  layer.A.zero_();
  layer.B.zero_();
  EXPECT_TRUE(at::allclose(layer.weight(), 0.8 * at::eye(8, at::kDouble)));
}

TEST(Monotone, IsALayerLikeAnyOther) {
  MonotoneLinear layer(5);
  EXPECT_EQ(layer.parameters().size(), 3u);
  EXPECT_EQ(layer.margin(), 0.1);
  const Tensor x = at::randn({3, 5});
  EXPECT_TRUE(at::allclose(layer.forward(x), at::linear(x, layer.weight(), layer.bias)));
  layer.forward(x).sum().backward();
  EXPECT_GT(layer.A.grad().abs().sum().item<double>(), 0);
  EXPECT_THROW(MonotoneLinear(5, 0), Error);
  EXPECT_THROW(MonotoneLinear(5, 1.5), Error);
}

}  // namespace
}  // namespace fathom::nn
