#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/anderson_type_one.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems
using testing::Each;

Anderson type_one(std::int64_t depth) { return {.depth = depth, .type = 1}; }

TEST(AndersonTypeOne, SolvesEveryWindowFromOneToThirtyTwo) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Problem problem = tanh_cell(4, 48, .9, type);
    for (std::int64_t depth = 1; depth <= 32; ++depth) {
      for (const std::int64_t which : {1, 2}) {
        SCOPED_TRACE(std::to_string(depth) + " columns of type " + std::to_string(which));
        const Anderson options{.depth = depth, .type = which};
        const Solution solution = fixed_point(problem.map, problem.y0, options, {.rtol = 1e-5, .max_iter = 150});
        EXPECT_TRUE(solution.converged()) << solution.message;
        EXPECT_TRUE(
            close(solution.y.only(), problem.solution, Tol::of(type).ops(48).plus(1e-5 * std::sqrt(48) / (1 - .9))));
        EXPECT_LE(solution.calls, depth >= 5 ? 40 : 100);
      }
    }
  }
}

// With all columns both types solve a linear map within d + 2 points, type I by its oblique projection.
TEST(AndersonTypeOne, EndsWithinTheDimensionOnALinearMap) {
  const Problem problem = affine_of_radius(.95, 3, 6, at::kDouble);
  const Solution solution =
      fixed_point(problem.map, problem.y0, type_one(10), {.rtol = 1e-9, .divergence = 1e9}).require();
  EXPECT_LE(solution.calls, 6 + 3);
  EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(at::kDouble).plus(1e-9 * 3 / .05)));
}

// In one dimension both types are the secant method.
TEST(AndersonTypeOne, IsTypeTwoInOneDimension) {
  const Map map([](const Tensor& y, const Rows&) { return at::cos(y); });
  const Tensor y0 = at::linspace(-1, 1, 3, on(at::kDouble)).view({3, 1});
  const TraceOptions keep{.keep = {2, 3, 4}};
  const Stop stop{.rtol = 1e-14, .max_iter = 5};
  const Solution one = fixed_point(map, y0, type_one(1), stop, {}, keep);
  const Solution two = fixed_point(map, y0, Anderson{.depth = 1, .ridge = 0}, stop, {}, keep);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_TRUE(close(one.trace.iterates[k].only(), two.trace.iterates[k].only(), Tol::of(at::kDouble).ops(1e6)));
  }
}

TEST(AndersonTypeOne, TheMixedResidualIsOrthogonalToTheSteps) {
  // Two dimensions, one column: y_2 follows from y_0, y_1 by hand.
  const Problem problem = rotation(at::kDouble);
  const Solution solution = fixed_point(problem.map, problem.y0, Anderson{.damping = .6, .type = 1},
                                        {.rtol = 1e-14, .max_iter = 3}, {}, {.keep = {0, 1, 2}});
  const auto& y = solution.trace.iterates;
  const Tensor r0 = problem.map(y[0]).only() - y[0].only(), r1 = problem.map(y[1]).only() - y[1].only();
  const Tensor dy = y[1].only() - y[0].only(), dr = r1 - r0;
  const Tensor gamma = (dy * r1).sum(1, true) / (dy * dr).sum(1, true);
  const Tensor expected = y[1].only() - gamma * dy + .6 * (r1 - gamma * dr);
  EXPECT_TRUE(close(y[2].only(), expected, Tol::of(at::kDouble).ops(100)));
}

TEST(AndersonTypeOne, DelayAndDampingHold) {
  const Problem problem = tanh_cell(3, 8, .8, at::kDouble);
  const Solution solution = fixed_point(problem.map, problem.y0, Anderson{.delay = 3, .type = 1},
                                        {.rtol = 1e-9, .max_iter = 100}, {}, {.keep = {0, 1, 2, 3, 4}});
  EXPECT_TRUE(solution.converged());
  const auto& y = solution.trace.iterates;
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_TRUE(close(y[t + 1].only(), problem.map(y[t]).only(), Tol::of(at::kDouble)));
  }
  EXPECT_FALSE(close(y[4].only(), problem.map(y[3]).only(), Tol::of(at::kDouble)));
  EXPECT_TRUE(fixed_point(problem.map, problem.y0, Anderson{.damping = .5, .type = 1}).converged());
}

TEST(PivotedWeights, SolvesAndLeavesOutWhatDepends) {
  std::vector<double> gamma;
  ASSERT_TRUE(pivoted_weights({0, 2, 3, 0}, {4, 9}, {2, 3}, {3, 2}, 1e-12, gamma));
  EXPECT_NEAR(gamma[0], 3, 1e-14);
  EXPECT_NEAR(gamma[1], 2, 1e-14);
  ASSERT_TRUE(pivoted_weights({1, 1, 1, 1}, {2, 2}, {1, 1}, {1, 1}, 1e-12, gamma));
  EXPECT_NEAR(gamma[0] + gamma[1], 2, 1e-14);
  EXPECT_TRUE(gamma[0] == 0 || gamma[1] == 0);
  EXPECT_FALSE(pivoted_weights({NAN}, {1}, {1}, {1}, 1e-12, gamma));
}

}  // namespace
}  // namespace fathom::solve
