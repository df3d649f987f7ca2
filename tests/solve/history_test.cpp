// Anderson's columns kept in bfloat16: the same fixed points in about as many calls.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/iterate.h"
#include "fathom/solve/method.h"
#include "fathom/solve/validate.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

std::vector<Problem> problems(at::ScalarType type) {
  return {affine_of_radius(.5, 3, 7, type), affine_of_radius(.95, 3, 40, type),       rotation(type), cosine(type),
          tanh_cell(6, 33, .9, type),       rows_of_gains({.1, .5, .9, .99}, 9, type)};
}

// A step by short columns is off by 2^-8 of its corrections, so a problem that full precision ends exactly within its
// window needs a few steps more.
void expect_about_as_many_calls(const Problem& problem, Arithmetic arithmetic, at::ScalarType type) {
  SCOPED_TRACE(problem.name);
  const Stop stop{.rtol = 1e-5, .max_iter = 400};
  const auto solved = [&](const char* history) {
    const auto method = make_method(Anderson{.history = history}, Layout(problem.y0), arithmetic);
    return iterate(problem.map, problem.y0, *method, stop);
  };
  const Solution full = solved("full"), rounded = solved("bf16");
  EXPECT_TRUE(rounded.converged());
  EXPECT_LE(rounded.calls, full.calls + full.calls / 2 + 4);
  const double distance = stop.rtol / (1 - problem.gain) + 100 * Tol::of(type).epsilon / (1 - problem.gain);
  EXPECT_TRUE(close(rounded.y.only(), problem.solution, Tol::of(type).plus(distance * std::sqrt(problem.y0.size(1)))));
}

TEST(AndersonHistoryOfBfloat16, ReachesTheSameFixedPointsInAboutAsManyCalls) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const Problem& problem : problems(type)) {
      expect_about_as_many_calls(problem, Arithmetic::automatic, type);
      expect_about_as_many_calls(problem, Arithmetic::tensors, type);
    }
  }
}

TEST(AndersonHistoryOfBfloat16, StopsAtTheToleranceOfTheStateNotOfTheHistory) {
  const Problem problem = tanh_cell(4, 20, .8, at::kDouble);
  const Solution solution =
      fixed_point(problem.map, problem.y0, Anderson{.history = "bf16"}, {.rtol = 1e-13, .max_iter = 200});
  EXPECT_TRUE(solution.converged());
  EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(at::kDouble).plus(1e-11)));
}

TEST(AndersonHistoryOfBfloat16, OtherNamesAreRefused) {
  EXPECT_THROW(validate(Anderson{.history = "fp8"}), UsageError);
}

}  // namespace
}  // namespace fathom::solve
