#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/reversible.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems
using testing::Each;

TEST(Reversible, FollowsItsTwoStateFormula) {
  const Problem problem = tanh_cell(3, 8, .8, at::kDouble);
  const Solution solution = fixed_point(problem.map, problem.y0 + .3, Reversible{.damping = .7},
                                        {.rtol = 1e-14, .max_iter = 6}, {}, {.keep = {1, 2, 3, 4}});
  Tensor y = problem.y0 + .3, z = y;
  for (std::size_t pair = 0; pair < 2; ++pair) {
    y = .3 * y + .7 * problem.map(z).only();
    z = .3 * z + .7 * problem.map(y).only();
    EXPECT_TRUE(close(solution.trace.iterates[2 * pair].only(), y, Tol::of(at::kDouble)));
    EXPECT_TRUE(close(solution.trace.iterates[2 * pair + 1].only(), z, Tol::of(at::kDouble)));
  }
}

TEST(Reversible, ConvergesForEveryDampingOnAContraction) {
  for (const double damping : {.1, .5, .9, .99}) {
    SCOPED_TRACE(damping);
    const Problem problem = rotation(at::kDouble);
    const Solution solution = fixed_point(problem.map, problem.y0, Reversible{.damping = damping},
                                          {.rtol = 1e-7, .max_iter = 3000, .patience = 500});
    EXPECT_TRUE(solution.converged()) << solution.message;
    EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(at::kDouble).plus(1e-7 * 2 / (1 - .9))));
  }
}

TEST(Reversible, BackwardUndoesForward) {
  const Problem problem = tanh_cell(3, 8, .8, at::kDouble);
  const Reversible options{.damping = .5};
  const State y0(problem.y0 + .3);
  const ReversiblePair end = reversible_forward(problem.map, {y0, y0}, options, 10);
  const ReversiblePair start = reversible_backward(problem.map, end, options, 10);
  const double growth = std::pow((.5 * .8 + 1) / .5, 10);
  EXPECT_TRUE(close(start.now.only(), y0.only(), Tol::of(at::kDouble).plus(growth * 1e-15)));
  EXPECT_TRUE(close(start.before.only(), y0.only(), Tol::of(at::kDouble).plus(growth * 1e-15)));
}

TEST(Reversible, TheDriftStaysWithinTheBoundOfSafeSteps) {
  const double eps = std::numeric_limits<float>::epsilon();
  const Problem problem = tanh_cell(4, 16, .8, at::kFloat);
  for (const double damping : {.3, .5, .8}) {
    const Reversible options{.damping = damping};
    const std::int64_t safe = reversible_safe_steps(options, .8, eps, 1e-3);
    for (const double drift : reversible_drift(problem.map, problem.y0 + .3, options, safe)) EXPECT_LE(drift, 1e-3);
    const std::vector<double> far = reversible_drift(problem.map, problem.y0 + .3, options, 12 * safe);
    EXPECT_GT(*std::max_element(far.begin(), far.end()), 1e-3) << "rounding grows without end";
  }
  EXPECT_LT(reversible_safe_steps({.damping = .9}, .8, eps, 1e-3),
            reversible_safe_steps({.damping = .5}, .8, eps, 1e-3));
  EXPECT_EQ(reversible_safe_steps({.damping = .99}, .8, .01, .01), 1);
  EXPECT_THROW(reversible_safe_steps({}, .8, 0, 1e-3), Error);
  EXPECT_THROW(reversible_drift(problem.map, problem.y0, {}, -1), Error);
}

}  // namespace
}  // namespace fathom::solve
