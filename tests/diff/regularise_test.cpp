#include "fathom/diff/regularise.h"

#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/diff/equilibrium.h"
#include "tests/diff/cell.h"
#include "tests/support/close.h"
#include "tests/support/gradcheck.h"

namespace fathom::diff {
namespace {

using namespace testing_support;

// J of row b of the cell at y: diag(1 - tanh^2) W.
Tensor jacobian(const Cell& cell, const Tensor& y) {
  const Tensor g = cell.map()(y).only();
  return (1 - g * g).unsqueeze(2) * cell.W.unsqueeze(0);  // (B, d, d)
}

TEST(JacobianNorm, IsUnbiased) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Cell cell = Cell::random(3, 6, 0.9, type);
    const Tensor y = 0.3 * at::ones_like(cell.start()), J = jacobian(cell, y).to(at::kDouble);
    constexpr std::int64_t kSamples = 4000;
    at::manual_seed(3);
    const Tensor estimate = jacobian_norm(cell.map(), y, kSamples);
    ASSERT_EQ(estimate.sizes(), at::IntArrayRef({3}));
    for (std::int64_t row = 0; row < 3; ++row) {
      const double exact = J[row].square().sum().item<double>();
      const double deviation =
          std::sqrt(2.0 / kSamples) * at::linalg_matrix_norm(at::matmul(J[row], J[row].t())).item<double>();
      EXPECT_NEAR(estimate[row].item<double>(), exact, 5 * deviation);
    }
  }
}

// For J = a I the estimate is a^2 ||e||^2: its derivative by a is exact in every sample, 2/a times the estimate.
TEST(JacobianNorm, IsDifferentiable) {
  const Tensor a = at::full({1}, 0.7, at::kDouble).requires_grad_(true);
  const Map map([&](const Tensor& y, const Rows&) { return a * y + 1; });
  const Tensor norm = jacobian_norm(map, at::ones({4, 5}, at::kDouble), 2).mean();
  const Tensor slope = torch::autograd::grad({norm}, {a})[0];
  EXPECT_NEAR(slope.item<double>(), 2 / 0.7 * norm.item<double>(), 1e-12);
}

TEST(JacobianNorm, AgreesWithFiniteDifferencesThroughTheEquilibrium) {
  const Scalar penalty = [](const Inputs& in) {
    const Cell cell = Cell::of(in);
    const Equilibrium e = equilibrium(cell.map(), cell.start(), solve::Anderson{}, Implicit{.rtol = 1e-12},
                                      {.rtol = 1e-13, .max_iter = 300});
    at::manual_seed(9);  // the same draw every time
    return jacobian_norm(cell.map(), e.y, 2).sum();
  };
  EXPECT_LT(gradient_error(penalty, Cell::random(2, 3, 0.7).inputs()), 1e-7);
}

TEST(SpectralNorm, IsTheLargestSingularValueFromBelow) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Cell cell = Cell::random(4, 8, 0.9, type);
    const Tensor y = cell.start(), J = jacobian(cell, y).to(at::kDouble);
    const Tensor sigma = spectral_norm(cell.map(), y, {.products = 200});
    for (std::int64_t row = 0; row < 4; ++row) {
      const double exact = at::linalg_matrix_norm(J[row], 2).item<double>();
      EXPECT_LE(sigma[row].item<double>(), exact * (1 + 8 * Tol::of(type).epsilon * 8));
      EXPECT_GT(sigma[row].item<double>(), exact * (1 - 1e-3));
      EXPECT_LE(spectral_norm(cell.map(), y, {.products = 1})[row].item<double>(), exact * (1 + 1e-5));
    }
  }
}

TEST(SpectralNorm, HasTheDerivativeOfTheSingularValue) {
  const Scalar penalty = [](const Inputs& in) {
    const Cell cell = Cell::of(in);
    return spectral_norm(cell.map(), 0.2 * at::ones({2, 3}, at::kDouble), {.products = 400}).sum();
  };
  EXPECT_LT(gradient_error(penalty, Cell::random(2, 3, 0.8).inputs()), 1e-6);
}

TEST(SpectralNorm, OfAConstantMapIsZeroAndRecordsNothingOutsideGradMode) {
  const Tensor c = at::ones({2, 3}, at::kDouble).requires_grad_(true);
  EXPECT_TRUE(at::equal(spectral_norm([&](const Tensor&) { return 2 * c; }, c.detach()), at::zeros({2}, at::kDouble)));
  EXPECT_TRUE(at::equal(jacobian_norm([&](const Tensor&) { return 2 * c; }, c.detach()), at::zeros({2}, at::kDouble)));
  const at::NoGradGuard no_grad;
  const Map map([&](const Tensor& y) { return c * y; });
  EXPECT_FALSE(spectral_norm(map, c.detach()).requires_grad());
  EXPECT_FALSE(jacobian_norm(map, c.detach()).requires_grad());
  EXPECT_NEAR(spectral_norm(map, c.detach())[0].item<double>(), 1, 1e-12);
  EXPECT_THROW(jacobian_norm(map, c.detach(), 0), Error);
  EXPECT_THROW(spectral_norm(map, c.detach(), {.products = 0}), UsageError);
}

// y = a y + c: y_t = c (1 + ... + a^(t-1)), and the last k steps give 1 + ... + a^(k-1).
TEST(Supervised, GivesIteratesWithTheGraphOfTheirLastSteps) {
  const double a = 0.5;
  const Tensor c = at::ones({2, 1}, at::kDouble).requires_grad_(true);
  const Map map([&](const Tensor& y) { return a * y + c; });
  const auto sum = [&](std::int64_t n) { return (1 - std::pow(a, n)) / (1 - a); };
  for (const std::int64_t recorded : {1, 2, 4, 100}) {
    const std::vector<Supervised> list = supervised(map, at::zeros({2, 1}, at::kDouble), {1, 3, 4, 9}, recorded, 0.5);
    ASSERT_EQ(list.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(list[i].y.only()[1].item<double>(), sum(list[i].t), 1e-14);
      const Tensor g = torch::autograd::grad({list[i].y.only().sum()}, {c}, {}, true)[0];
      EXPECT_NEAR(g[0].item<double>(), sum(std::min(recorded, list[i].t)), 1e-14) << recorded << " " << i;
      EXPECT_EQ(list[i].weight, std::pow(0.5, 3 - static_cast<double>(i)));
    }
  }
}

TEST(Supervised, RefusesWhatMakesNoSense) {
  const Map map([](const Tensor& y) { return 0.5 * y; });
  const State y0(at::ones({1, 1}));
  EXPECT_THROW(supervised(map, y0, {}), Error);
  EXPECT_THROW(supervised(map, y0, {0, 2}), Error);
  EXPECT_THROW(supervised(map, y0, {2, 2}), Error);
  EXPECT_THROW(supervised(map, y0, {1}, 0), Error);
  EXPECT_THROW(supervised(map, y0, {1}, 1, 1.5), Error);
}

}  // namespace
}  // namespace fathom::diff
