#include "fathom/nn/norms.h"

#include <cmath>
#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"
#include "fathom/tensor/device.h"
#include "tests/support/close.h"
#include "tests/support/gradcheck.h"

namespace fathom::nn {
namespace {

using namespace testing_support;

double exact_norm(const Tensor& W) { return at::linalg_matrix_norm(W.detach().to(at::kDouble), 2).item<double>(); }

// The singular values themselves are only known to a few epsilons of the largest.
constexpr double kSvd = 1 - 1e-13;

void expect_bound(const Tensor& W, std::int64_t iterations) {
  const double exact = exact_norm(W), bound = norm_bound(W, iterations).item<double>();
  EXPECT_GE(bound, exact * kSvd);
  const double rank = static_cast<double>(std::min(W.size(0), W.size(1)));
  EXPECT_LE(bound, exact * std::pow(rank, std::pow(0.5, static_cast<double>(iterations + 1))) * (1 + 1e-4) + 1e-300);
}

TEST(NormBound, IsAtLeastTheNormAndAtMostTheStatedFactorAbove) {
  at::manual_seed(1);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const auto& [m, n] : std::vector<std::pair<int, int>>{{1, 1}, {1, 7}, {9, 1}, {5, 5}, {30, 12}, {12, 40}}) {
      for (const std::int64_t iterations : {0, 1, 3, 5, 10}) {
        expect_bound(at::randn({m, n}, type), iterations);
        expect_bound(at::ones({m, n}, type), iterations);
      }
    }
    expect_bound(at::eye(16, type), 5);  // the worst case: every singular value is the largest
    expect_bound(at::eye(16, type) * 1e30, 5);
    expect_bound(at::eye(16, type) * 1e-30, 5);
    EXPECT_EQ(norm_bound(at::zeros({3, 4}, type)).item<double>(), 0);
  }
}

// sqrt(||W||_1 ||W||_inf) is a bound too; after a few iterations this one is below it.
TEST(NormBound, IsTighterThanTheProductOfOneAndInfinityNorms) {
  at::manual_seed(2);
  const Tensor W = at::randn({40, 40}, at::kDouble);
  const double simple = std::sqrt(W.abs().sum(0).max().item<double>() * W.abs().sum(1).max().item<double>());
  EXPECT_LT(norm_bound(W).item<double>(), simple);
}

TEST(NormBound, IsDifferentiable) {
  at::manual_seed(3);
  const Scalar bound = [](const Inputs& in) { return norm_bound(in[0]); };
  EXPECT_LT(gradient_error(bound, {at::randn({4, 6}, at::kDouble)}), 1e-8);
  EXPECT_LT(gradient_error(bound, {at::randn({6, 4}, at::kDouble)}), 1e-8);
  const Tensor zero = at::zeros({3, 3}, at::kDouble).requires_grad_(true);
  EXPECT_TRUE(at::equal(torch::autograd::grad({norm_bound(zero)}, {zero})[0], at::zeros({3, 3}, at::kDouble)));
}

RC_GTEST_PROP(NormBoundProperty, HoldsForAnyMatrix, ()) {
  const auto m = *rc::gen::inRange<std::int64_t>(1, 20), n = *rc::gen::inRange<std::int64_t>(1, 20);
  const auto rank = *rc::gen::inRange<std::int64_t>(1, 6), iterations = *rc::gen::inRange<std::int64_t>(0, 9);
  const double size = std::pow(10.0, *rc::gen::inRange(-12, 13));
  tensor::seed(static_cast<std::uint64_t>(*rc::gen::inRange(0, 1000000)));
  const Tensor W = size * at::matmul(at::randn({m, rank}, at::kDouble), at::randn({rank, n}, at::kDouble));
  RC_ASSERT(norm_bound(W, iterations).item<double>() >= exact_norm(W) * kSvd);
  RC_ASSERT(norm_bound(W.to(at::kFloat), iterations).item<double>() >= exact_norm(W.to(at::kFloat)) * kSvd);
}

TEST(SpectralLinear, NormIsBelowItsBoundInBothDtypesAfterAnyUpdate) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const double L : {0.3, 0.95, 4.0}) {
      tensor::seed(4);
      SpectralLinear layer(24, 16, L);
      layer.to(type);
      const at::NoGradGuard no_grad;
      for (int update = 0; update < 20; ++update) {
        const double norm = exact_norm(layer.bounded_weight());
        EXPECT_LE(norm, L);
        layer.weight += 0.5 * at::randn_like(layer.weight);
      }
      EXPECT_GT(exact_norm(layer.bounded_weight()), 0.9 * L);  // 16^(1/64) = 1.04: not wasted
    }
  }
}

TEST(SpectralLinear, LeavesASmallWeightAlone) {
  SpectralLinear layer(4, 4, 2);
  EXPECT_TRUE(close(layer.bounded_weight(), layer.weight, Tol::of(at::kFloat)));
  EXPECT_EQ(layer.parameters().size(), 2u);
  EXPECT_EQ(layer.lipschitz(), 2);
  const Tensor x = at::randn({3, 4});
  EXPECT_TRUE(close(layer.forward(x), at::linear(x, layer.bounded_weight(), layer.bias), Tol::of(at::kFloat)));
}

TEST(SpectralLinear, TrainsThroughItsBound) {
  tensor::seed(5);
  SpectralLinear layer(5, 5, 0.5);
  layer.to(at::kDouble);
  const Tensor x = at::randn({3, 5}, at::kDouble), V = layer.weight.detach();
  // The same layer as a function of its raw weight.
  const Scalar loss = [&](const Inputs& in) {
    const Tensor bound = norm_bound(in[0]);
    const Tensor W = in[0] * at::where(bound > 0.5, 0.5 / bound, at::ones_like(bound));
    return at::linear(x, W).square().sum();
  };
  const Tensor direct = torch::autograd::grad({layer.forward(x).square().sum()}, {layer.weight})[0];
  // V is orthogonal, where a 32nd power turns sharply: h^2 32^2 = 1e-7 of the differences themselves.
  EXPECT_LT(gradient_error(loss, {V}), 1e-7);
  EXPECT_TRUE(close(direct, gradient(loss, leaves({V}))[0], Tol{}.plus(1e-12)));
}

TEST(WeightLinear, NormIsBelowItsBoundAndItsRowsHaveTheirGains) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    tensor::seed(6);
    WeightLinear layer(24, 16, 0.9);
    layer.to(type);
    const at::NoGradGuard no_grad;
    for (int update = 0; update < 20; ++update) {
      const Tensor W = layer.bounded_weight();
      EXPECT_LE(exact_norm(W), 0.9);
      EXPECT_LE(at::linalg_vector_norm(W.to(at::kDouble)).item<double>(), 0.9);
      layer.direction += at::randn_like(layer.direction);
      layer.gain += 0.3 * at::randn_like(layer.gain);
    }
    layer.gain.fill_(0.1);  // ||g|| = 0.4 < 0.9: kept
    const Tensor rows = at::linalg_vector_norm(layer.bounded_weight(), 2, {1});
    EXPECT_TRUE(close(rows, at::full({16}, 0.1, at::kDouble), Tol::of(type).ops(24)));
    layer.direction[3].zero_();
    EXPECT_EQ(layer.bounded_weight()[3].abs().sum().item<double>(), 0);
  }
}

TEST(BoundedLinear, RefusesABoundThatIsNone) {
  EXPECT_THROW(SpectralLinear(2, 2, 0), Error);
  EXPECT_THROW(WeightLinear(2, 2, -1), Error);
  EXPECT_THROW(SpectralLinear(2, 2, std::numeric_limits<double>::infinity()), Error);
  EXPECT_THROW(norm_bound(at::ones({2, 2}), -1), Error);
}

}  // namespace
}  // namespace fathom::nn
