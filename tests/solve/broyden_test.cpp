#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems
using testing::Each;

// One dimension: good Broyden is the secant method.
TEST(Broyden, IsTheSecantMethodInOneDimension) {
  std::vector<double> points;
  const Map map([&](const Tensor& y) {
    points.push_back(y.item<double>());
    return at::cos(y);
  });
  fixed_point(map, at::full({1, 1}, .2, on(at::kDouble)), Broyden{}, {.rtol = 1e-10}).require();
  const auto r = [](double y) { return std::cos(y) - y; };
  EXPECT_EQ(points[1], std::cos(points[0])) << "the first step is plain";
  for (std::size_t k = 1; k + 1 < points.size(); ++k) {
    const double secant = points[k] - r(points[k]) * (points[k] - points[k - 1]) / (r(points[k]) - r(points[k - 1]));
    EXPECT_NEAR(points[k + 1], secant, 1e-8);
  }
}

// Broyden's method ends in at most 2d steps on a linear problem [Gay1979]; a guarded update may cost one more or two.
TEST(Broyden, EndsWithinTwiceTheDimensionOnALinearMap) {
  for (const double radius : {.9, .99, 3.0}) {
    const Problem problem = affine_of_radius(radius, 3, 6, at::kDouble);
    const Solution solution = fixed_point(problem.map, problem.y0, Broyden{.memory = 20, .safeguard = 1e6},
                                          {.rtol = 1e-8, .divergence = 1e9});
    EXPECT_TRUE(solution.converged()) << solution.message;
    EXPECT_LE(solution.calls, 2 * 6 + 3);
    EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(at::kDouble).plus(1e-8 * 3 / .01)));
  }
}

TEST(Broyden, ConvergesWithAnyMemory) {
  const Problem problem = tanh_cell(5, 64, .95, at::kDouble);
  std::int64_t calls = 0;
  for (const std::int64_t memory : {1, 2, 3, 5, 10, 20, 50, 200}) {
    SCOPED_TRACE(memory);
    const Solution solution =
        fixed_point(problem.map, problem.y0, Broyden{.memory = memory}, {.rtol = 1e-8, .max_iter = 400});
    EXPECT_TRUE(solution.converged()) << solution.message;
    EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(at::kDouble).plus(1e-8 * 8 / (1 - .95))));
    calls = solution.calls;
  }
  const std::int64_t plain = fixed_point(problem.map, problem.y0, Picard{}, {.rtol = 1e-8, .max_iter = 1000}).calls;
  EXPECT_LE(3 * calls, plain) << "with all pairs kept";
}

TEST(Broyden, ASecantThatVanishesIsGuarded) {
  // r is the same at both points of the first secant: s'Kq = 0.
  const Map map([](const Tensor& y, const Rows&) { return at::where(y < 1.5, y + 1, .5 * y + 1.75); });
  const Tensor y0 = at::tensor(std::vector<double>{0, -1, 3}, on(at::kDouble)).view({3, 1});
  const Solution solution = fixed_point(map, y0, Broyden{}, {.rtol = 1e-9});
  EXPECT_TRUE(solution.converged()) << solution.message;
  EXPECT_TRUE(close(solution.y.only(), at::full_like(y0, 3.5), Tol::of(at::kDouble).plus(2e-9)));
}

TEST(Broyden, ABadStepIsTakenBack) {
  std::vector<double> points;
  const auto g = [](double y) { return y > 0 ? y - .5 * std::tanh(y) : .5 * y; };
  const Map map([&](const Tensor& y) {
    points.push_back(y.item<double>());
    return at::full({1, 1}, g(points.back()), on(at::kDouble));
  });
  // The residual is nearly constant right of 0 and grows left of it: secants jump far to the left.
  const Solution solution = fixed_point(map, at::full({1, 1}, 5.0, on(at::kDouble)), Broyden{.safeguard = 1.5},
                                        {.rtol = 0, .atol = 1e-9, .max_iter = 100});
  EXPECT_TRUE(solution.converged()) << solution.message;
  EXPECT_NEAR(solution.y.only().item<double>(), 0, 2e-9);
  double best = std::numeric_limits<double>::infinity();
  std::int64_t bad = 0;
  for (const double y : points) {
    bad += std::abs(g(y) - y) > 1.5 * best;
    best = std::min(best, std::abs(g(y) - y));
  }
  EXPECT_GE(bad, 1) << "the safeguard had work to do";
}

TEST(Broyden, SixteenBitStatesConverge) {
  const Map map([](const Tensor& y, const Rows&) { return (.5 * y.to(at::kFloat) + 1).to(y.scalar_type()); });
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    const Solution solution = fixed_point(map, at::zeros({3, 4}, on(type)), Broyden{}, {.rtol = .02}).require();
    EXPECT_TRUE(close(solution.y.only(), at::full({3, 4}, 2, on(type)), Tol::of(type).plus(.02 / (1 - .5))));
  }
}

}  // namespace
}  // namespace fathom::solve
