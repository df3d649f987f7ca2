#include "fathom/measure/order.h"

#include <cmath>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "tests/support/problems.h"

namespace fathom::measure {
namespace {

std::vector<double> powers(double order, double constant, double first, int length) {
  std::vector<double> trace{first};
  while (static_cast<int>(trace.size()) < length) trace.push_back(constant * std::pow(trace.back(), order));
  return trace;
}

TEST(ConvergenceOrder, OfLinearSecantAndNewtonSequences) {
  EXPECT_NEAR(convergence_order(powers(1, 0.9, 1, 40)).order, 1, 1e-9);
  EXPECT_NEAR(convergence_order(powers(1.618, 0.7, 0.5, 8)).order, 1.618, 1e-9);
  const Order newton = convergence_order(powers(2, 1.3, 0.3, 6));
  EXPECT_NEAR(newton.order, 2, 1e-9);
  EXPECT_NEAR(newton.low, 2, 1e-9);
  EXPECT_NEAR(newton.high, 2, 1e-9);
  EXPECT_EQ(newton.points, 5);
}

// Newton's method for x^2 = 2, whose residual is x^2 - 2, down to rounding and beyond.
TEST(ConvergenceOrder, OfNewtonsSquareRootSeesPastTheFloor) {
  std::vector<double> trace;
  double x = 10;
  for (int t = 0; t < 14; ++t) {
    trace.push_back(std::abs(x * x - 2) + 1e-16);
    x = (x + 2 / x) / 2;
  }
  const Order order = convergence_order(trace);
  EXPECT_GT(order.order, 1.3);  // linear while far away (x halves), quadratic at the end
  EXPECT_LT(order.order, 2.1);
  EXPECT_NEAR(convergence_order(std::span(trace).subspan(3)).order, 2, 0.15);
}

TEST(ConvergenceOrder, OfPicardIsOne) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const testing_support::Problem problem = testing_support::affine_of_radius(0.7, 1, 8, type);
    const Solution s = solve::fixed_point(problem.map, problem.y0, solve::Picard{}, {.rtol = 1e-5, .max_iter = 200}, {},
                                          {.residuals = true});
    std::vector<double> trace;
    for (const std::vector<double>& step : s.trace.residual) trace.push_back(step[0]);
    EXPECT_NEAR(convergence_order(trace).order, 1, 0.05);
  }
}

TEST(ConvergenceOrder, IsUnknownWhereThereIsNothingToFit) {
  EXPECT_FALSE(convergence_order({}).known());
  EXPECT_FALSE(convergence_order(std::vector<double>{1, 0.5, 0.25}).known());
  EXPECT_FALSE(convergence_order(std::vector<double>{1, 1, 1, 1, 1}).known());
  EXPECT_FALSE(convergence_order(std::vector<double>{1, 2, 4, 8}).known());
  EXPECT_FALSE(convergence_order(std::vector<double>{1, std::nan(""), 0.1, 0.01, 0.001}).known());
}

RC_GTEST_PROP(ConvergenceOrderProperty, IsTheExponentOfAnyPowerLaw, ()) {
  const double order = 1 + 0.1 * *rc::gen::inRange(1, 15), constant = 0.1 * *rc::gen::inRange(3, 11);
  RC_ASSERT(std::abs(convergence_order(powers(order, constant, 0.5, 6)).order - order) < 1e-6);
}

// G(y) = 2 - y turns y about 1: the residual at 1 + d is 2 d for ever, over ||G|| = 1 - d and 1 + d in turn.
TEST(ResidualFloor, OfACycleIsItsWidth) {
  const Map map([](const Tensor& y, const Rows&) { return 2 - y; });
  const Tensor y = 1 + at::tensor({0.0, 0.125, 0.25}, at::kDouble).view({3, 1});
  const ResidualFloor floor = residual_floor(map, y, 9);
  EXPECT_EQ(floor.relative[0], 0);
  for (const int row : {1, 2}) {
    const double d = 0.125 * row;
    EXPECT_GE(floor.relative[row], 2 * d / (1 + d));
    EXPECT_LE(floor.relative[row], 2 * d / (1 - d));
  }
}

TEST(ResidualFloor, IsZeroWhereTheArithmeticIsExactAndAFewEpsilonsElsewhere) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Map halve([](const Tensor& y, const Rows&) { return 0.5 * y + 1; });
    EXPECT_EQ(residual_floor(halve, at::full({2, 3}, 2.0, type)).relative, (std::vector<double>{0, 0}));
    const testing_support::Problem cell = testing_support::tanh_cell(3, 32, 0.9, type);
    const ResidualFloor floor = residual_floor(cell.map, cell.solution, 60);
    for (const double epsilons : floor.epsilons) EXPECT_LT(epsilons, 8 * std::sqrt(32.0));
    EXPECT_DOUBLE_EQ(floor.relative[1],
                     floor.epsilons[1] * (type == at::kFloat ? std::numeric_limits<float>::epsilon()
                                                             : std::numeric_limits<double>::epsilon()));
  }
  EXPECT_THROW(residual_floor([](const Tensor& y) { return y; }, at::ones({1, 1}), 0), Error);
}

}  // namespace
}  // namespace fathom::measure
