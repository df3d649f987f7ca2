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

using testing::ElementsAre;
using testing::HasSubstr;

// Row 0 is easy, row 1 crawls, row 2 expands in a way that mixing does not mend at once.
Problem mixed_bag(at::ScalarType type) { return rows_of_gains({.3, .995, 3, .3}, 4, type); }

TEST(Escalate, HandsOnTheRowsThatNeedIt) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Problem problem = mixed_bag(type);
    const Solution solution = fixed_point(problem.map, problem.y0, Escalate{}, {.rtol = 1e-5, .max_iter = 100});
    EXPECT_TRUE(solution.converged()) << solution.message;
    EXPECT_THAT(solution.stage, ElementsAre("picard", "anderson", "anderson", "picard"));
    EXPECT_THAT(solution.message, HasSubstr("Rows by their last solver: 2 picard, 2 anderson."));
    EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(type).ops(1e4).plus(1e-5 * 2 / .005)));
  }
}

TEST(Escalate, AnEasyRowNeverNoticesTheOthers) {
  const Problem problem = mixed_bag(at::kDouble);
  const Solution escalated = fixed_point(problem.map, problem.y0, Escalate{}),
                 plain = fixed_point(problem.map, problem.y0, Picard{});
  EXPECT_EQ(escalated.iterations[0], plain.iterations[0]);
  EXPECT_TRUE(at::equal(escalated.y.only()[0], plain.y.only()[0]));
}

TEST(Escalate, EndsWithNewtonWhereMixingFails) {
  const Problem problem = mixed_bag(at::kDouble);
  // No room for anderson: one iteration of each before.
  const Escalate options{.share = {.picard = .01, .anderson = .01}};
  const Solution solution = fixed_point(problem.map, problem.y0, options, {.rtol = 1e-8, .max_iter = 100});
  EXPECT_TRUE(solution.converged()) << solution.message;
  EXPECT_THAT(solution.stage, Each("newton_krylov"));
  for (const std::int64_t products : solution.products) EXPECT_GE(products, 1);
  EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(at::kDouble).plus(1e-8 * 2 / .005)));
}

TEST(Escalate, ANaNSendsTheRowOnFromItsBest) {
  // Plain steps leave the domain of log.
  const Map map([](const Tensor& y, const Rows&) { return y - 4 * at::log(y); });
  const Tensor y0 = at::full({2, 2}, 3.0, on(at::kDouble));
  EXPECT_THAT(fixed_point(map, y0, Picard{}).status, Each(Status::nonfinite));
  const Solution solution = fixed_point(map, y0, Escalate{}, {.rtol = 1e-9});
  EXPECT_TRUE(solution.converged()) << solution.message;
  EXPECT_TRUE(close(solution.y.only(), at::ones_like(y0), Tol::of(at::kDouble).plus(1e-8)));
}

TEST(Escalate, ReportsAResidualOfItsAnswerWhenItFails) {
  const Map endless([](const Tensor& y, const Rows&) { return y + 2 + at::sin(y); });
  const Tensor y0 = at::linspace(0, 3, 6, on(at::kDouble)).view({3, 2});
  const Solution solution = fixed_point(endless, y0, Escalate{}, {.max_iter = 60});
  EXPECT_FALSE(solution.converged());
  const Tensor r = endless(solution.y).only() - solution.y.only();
  for (std::int64_t b = 0; b < 3; ++b) EXPECT_NEAR(solution.residual[b], r[b].norm().item<double>(), 1e-12);
}

}  // namespace
}  // namespace fathom::solve
