// The blur by its definition, as a matrix of known singular values, and by the equations its functions solve.
#include "fathom/domain/imaging/blur.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/utils.h>

#include "fathom/base/error.h"
#include "tests/support/close.h"

namespace fathom::imaging {
namespace {

using testing_support::close;
using testing_support::Tol;

constexpr std::int64_t kH = 12, kW = 9;

class BlurOf : public testing::TestWithParam<at::ScalarType> {
 protected:
  BlurOf() { torch::manual_seed(5); }
  Tensor kernel_ = at::rand({5, 4}, at::kDouble);
  Blur blur_{kernel_ / kernel_.sum(), kH, kW, GetParam()};
  Tensor x_ = at::randn({2, 3, kH, kW}, GetParam()), y_ = at::randn({2, 3, kH, kW}, GetParam());
  Tol tol_ = Tol::of(GetParam()).ops(kH * kW);
};

INSTANTIATE_TEST_SUITE_P(Types, BlurOf, testing::Values(at::kFloat, at::kDouble));

double inner_product(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) * b.to(at::kDouble)).sum().item<double>();
}

// (A x)[i] = sum_j k[j] x[i + j - c], indices taken modulo the image.
Tensor correlation(const Tensor& x, const Tensor& kernel) {
  Tensor sum = at::zeros_like(x);
  const std::int64_t top = (kernel.size(0) - 1) / 2, left = (kernel.size(1) - 1) / 2;
  for (std::int64_t a = 0; a < kernel.size(0); ++a) {
    for (std::int64_t b = 0; b < kernel.size(1); ++b)
      sum += kernel[a][b].item<double>() * x.roll({-(a - top), -(b - left)}, {2, 3});
  }
  return sum;
}

TEST_P(BlurOf, IsCircularCorrelationWithTheKernel) {
  EXPECT_TRUE(close(blur_.apply(x_), correlation(x_, kernel_ / kernel_.sum()), tol_));
}

TEST_P(BlurOf, AdjointHasTheAdjointsInnerProducts) {
  const double scale = std::sqrt(inner_product(x_, x_) * inner_product(y_, y_));
  EXPECT_NEAR(inner_product(blur_.apply(x_), y_), inner_product(x_, blur_.adjoint(y_)), tol_.relative() * scale);
  EXPECT_TRUE(close(blur_.normal(x_), blur_.adjoint(blur_.apply(x_)), tol_));
}

TEST_P(BlurOf, ProximalMapSolvesItsEquation) {
  for (const double gamma : {0.1, 4.0}) {
    const Tensor p = blur_.proximal(x_, blur_.adjoint(y_), gamma);
    const Tensor gradient = gamma * blur_.adjoint(blur_.apply(p) - y_) + p - x_;  // of gamma/2 ||A p - y||^2 + ...
    EXPECT_TRUE(close(gradient + x_, x_, tol_)) << gamma;
    EXPECT_TRUE(close(blur_.proximal(x_, blur_.adjoint(y_), at::full({}, gamma, x_.options())), p, tol_));
  }
}

TEST_P(BlurOf, PseudoInverseUndoesWhatTheBlurKeeps) {
  EXPECT_TRUE(close(blur_.apply(blur_.pseudo_inverse(blur_.apply(x_))), blur_.apply(x_), tol_));
  const double cut = blur_.norm() / 2;
  const Tensor smooth = blur_.pseudo_inverse(y_, cut);
  EXPECT_LE(at::linalg_vector_norm(smooth).item<double>(), at::linalg_vector_norm(y_).item<double>() / cut);
}

TEST_P(BlurOf, SingularVectorsAreStretchedBySingularValues) {
  for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    const FrequencyIndex at = frequency_at(kH, kW, share);
    const Tensor v = singular_vector(kH, kW, at, 3, GetParam());
    const double sigma = blur_.singular_values()[at.u][at.v].item<double>();
    const double length = at::linalg_vector_norm(v).item<double>();
    EXPECT_NEAR(at::linalg_vector_norm(blur_.apply(v)).item<double>(), sigma * length, tol_.relative() * length);
    EXPECT_TRUE(close(blur_.normal(v) + v, (1 + sigma * sigma) * v, tol_));
  }
}

TEST_P(BlurOf, EveryImageIsBlurredByItself) {
  EXPECT_TRUE(close(blur_.apply(x_.flip(0)), blur_.apply(x_).flip(0), Tol::of(GetParam())));
  EXPECT_TRUE(close(blur_.apply(x_[1][2]), blur_.apply(x_)[1][2], Tol::of(GetParam())));
}

TEST_P(BlurOf, ABlurOfSumOneKeepsConstantsAndItsNormIsOne) {
  const Tensor grey = at::full({1, 1, kH, kW}, 0.7, x_.options());
  EXPECT_TRUE(close(blur_.apply(grey), grey, tol_));
  EXPECT_NEAR(blur_.norm(), 1, tol_.relative());
}

TEST(Blur, StepSizeOfTheProximalMapHasItsGradient) {
  torch::manual_seed(6);
  const Blur blur(at::rand({3, 3}, at::kDouble), kH, kW, at::kDouble);
  const Tensor z = at::randn({1, 1, kH, kW}, at::kDouble), back = blur.adjoint(at::randn({1, 1, kH, kW}, at::kDouble));
  const Tensor weights = at::randn({1, 1, kH, kW}, at::kDouble);
  const auto value = [&](double gamma) { return inner_product(blur.proximal(z, back, gamma), weights); };
  const Tensor gamma = at::full({}, 2.0, at::kDouble).requires_grad_(true);
  (blur.proximal(z, back, gamma) * weights).sum().backward();
  const double h = 1e-5;
  EXPECT_NEAR(gamma.grad().item<double>(), (value(2 + h) - value(2 - h)) / (2 * h), 1e-8);
}

TEST(Blur, FrequenciesAreRankedFromTheMeanUpwards) {
  EXPECT_EQ(frequency_at(kH, kW, 0), (FrequencyIndex{0, 0}));
  EXPECT_EQ(frequency_at(8, 8, 1), (FrequencyIndex{4, 4}));
}

TEST(Blur, RefusesWhatItCannotBlur) {
  const auto says = [](auto f, const char* words) {
    try {
      f();
      FAIL() << "no error";
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr(words));
    }
  };
  says([] { Blur(at::rand({9, 3}), 8, 8); }, "kernel = 9 x 3 violates <= 8 x 8");
  says([] { Blur(at::rand({9}), 8, 8); }, "kernel's shape = (9)");
  says([] { Blur(at::full({3, 3}, NAN), 8, 8); }, "NaN");
  says([] { Blur(at::rand({3, 3}), 8, 8, at::kHalf); }, "float32 or float64");
  const Blur blur(at::rand({3, 3}), 8, 8);
  says([&] { blur.apply(at::rand({1, 3, 8, 9})); }, "(1, 3, 8, 9)");
  says([&] { blur.apply(at::rand({8, 8}, at::kDouble)); }, "Double");
  says([&] { blur.proximal(at::rand({8, 8}), at::rand({8, 8}), 0.0); }, "gamma = 0");
  says([] { frequency_at(8, 8, 1.5); }, "share = 1.5");
}

}  // namespace
}  // namespace fathom::imaging
