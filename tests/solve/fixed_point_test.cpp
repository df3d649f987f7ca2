// The edges of fixed_point: degenerate shapes, one iteration, budgets, traces, states of several
// tensors, misuse.
#include "fathom/solve/fixed_point.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"
#include "tests/support/solvers.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(FixedPoint, StartAtTheSolutionIsOneCall) {
  const Problem problem = affine_of_radius(.9, 3, 5, at::kDouble);
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(problem.map, problem.solution, solver, {.rtol = 1e-10}).require();
    EXPECT_EQ(solution.calls, 1);
    EXPECT_THAT(solution.iterations, Each(1));
    EXPECT_TRUE(at::equal(solution.y.only(), problem.solution));
  }
}

TEST(FixedPoint, WarmStartFromASolutionIsOneCall) {
  const Problem problem = tanh_cell(4, 16, .8, at::kFloat);
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution first = fixed_point(problem.map, problem.y0, solver).require();
    const Solution again = fixed_point(problem.map, first.y, solver).require();
    EXPECT_EQ(again.calls, 1);
    EXPECT_TRUE(at::equal(again.y.only(), first.y.only()));
  }
}

TEST(FixedPoint, OneIterationReportsTheStart) {
  const Problem problem = cosine(at::kDouble);
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(problem.map, problem.y0, solver, {.max_iter = 1});
    EXPECT_EQ(solution.calls, 1);
    EXPECT_THAT(solution.status, Each(Status::max_iter));
    EXPECT_TRUE(at::equal(solution.y.only(), problem.y0));
    const double expected = (at::cos(problem.y0[0]) - problem.y0[0]).norm().item<double>();
    EXPECT_NEAR(solution.residual[0], expected, 1e-14);
  }
}

TEST(FixedPoint, TheReportedResidualIsThatOfTheAnswer) {
  const Problem problem = tanh_cell(4, 16, .9, at::kDouble);
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(problem.map, problem.y0, solver, {.rtol = 0, .max_iter = 12});
    const Tensor g = problem.map(solution.y).only(), r = g - solution.y.only();
    for (std::int64_t b = 0; b < 4; ++b) {
      EXPECT_NEAR(solution.residual[b], r[b].norm().item<double>(), 1e-14);
      EXPECT_NEAR(solution.relative[b], (r[b].norm() / g[b].norm()).item<double>(), 1e-14);
    }
  }
}

TEST(FixedPoint, EmptyBatchAndEmptyRows) {
  const Map map([](const Tensor& y) { return at::cos(y); });
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution none = fixed_point(map, at::zeros({0, 3}), solver);
    EXPECT_TRUE(none.converged());
    EXPECT_EQ(none.calls, 0);
    EXPECT_EQ(none.y.only().sizes(), (std::vector<std::int64_t>{0, 3}));
    EXPECT_EQ(none.message, "nothing to solve: the batch is empty.");
    const Solution flat = fixed_point(map, at::zeros({2, 0}), solver);
    EXPECT_TRUE(flat.converged());
    EXPECT_EQ(flat.calls, 1);
  }
}

TEST(FixedPoint, IdentityConstantAndNonContiguousMaps) {
  const Tensor y0 = at::ones({2, 3}), constant = at::full({2, 3}, 5.0);
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    EXPECT_EQ(fixed_point(Map([](const Tensor& y) { return y; }), y0, solver).require().calls, 1);
    const Solution to_constant = fixed_point(Map([&](const Tensor&) { return constant; }), y0, solver).require();
    EXPECT_LE(to_constant.calls, 16);
    EXPECT_TRUE(close(to_constant.y.only(), constant, Tol::of(at::kFloat).plus(1e-5 * std::sqrt(3))));
    EXPECT_TRUE(at::equal(constant, at::full({2, 3}, 5.0))) << "what G returns is not written to";
    const Map transposed([](const Tensor& y) { return at::cos(y.t().contiguous()).t(); });
    EXPECT_TRUE(close(fixed_point(transposed, y0.t(), solver).require().y.only(), at::full({3, 2}, kDottie),
                      Tol::of(at::kFloat).plus(3 * 1e-5 * std::sqrt(2))));
  }
}

TEST(FixedPoint, AConstantMapIsTwoCalls) {
  const Tensor constant = at::full({2, 3}, 5.0);
  for (const Solver& solver : {Solver(Picard{}), Solver(Anderson{}), Solver(Anderson{.type = 1}), Solver(Broyden{})}) {
    const Solution solution = fixed_point(Map([&](const Tensor&) { return constant; }), at::ones({2, 3}), solver);
    EXPECT_EQ(solution.require().calls, 2);
    EXPECT_TRUE(at::equal(solution.y.only(), constant));
  }
}

TEST(FixedPoint, StartIsNotChanged) {
  const Problem problem = cosine(at::kFloat);
  const Tensor before = problem.y0.clone();
  fixed_point(problem.map, problem.y0, Anderson{});
  EXPECT_TRUE(at::equal(problem.y0, before));
}

TEST(FixedPoint, TimeBudgetReturnsTheBestIterate) {
  const Problem problem = affine_of_radius(.999, 2, 8, at::kDouble);
  const Map slow([&](const Tensor& y, const Rows& rows) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return problem.map(y, rows).only();
  });
  const Solution solution =
      fixed_point(slow, problem.y0, Picard{}, {.rtol = 1e-12, .max_iter = 100000, .seconds = .02});
  EXPECT_THAT(solution.status, Each(Status::budget));
  EXPECT_GE(solution.calls, 1);
  EXPECT_LE(solution.calls, 10);
  EXPECT_THAT(solution.message, HasSubstr("raise seconds"));
  const Tensor r = problem.map(solution.y).only() - solution.y.only();
  EXPECT_NEAR(solution.residual[0], r[0].norm().item<double>(), 1e-12);
}

TEST(FixedPoint, BestIterateIsKeptWhenTheResidualGrows) {
  // Contracts for three steps, then expands: the fourth iterate is the best.
  int call = 0;
  const Map map([&](const Tensor& y) { return ++call <= 3 ? y * .5 : y * 4; });
  const Solution solution = fixed_point(map, at::ones({1, 2}, on(at::kDouble)), Picard{}, {.rtol = 1e-9});
  EXPECT_EQ(solution.status[0], Status::diverged);
  EXPECT_TRUE(close(solution.y.only(), at::full({1, 2}, .25, on(at::kDouble)), Tol::of(at::kDouble)));
  EXPECT_NEAR(solution.residual[0], .125 * std::sqrt(2), 1e-15);
}

TEST(FixedPoint, StagnatesAtTheFloorOfTheDtype) {
  const Problem problem = tanh_cell(3, 64, .7, at::kFloat);
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(problem.map, problem.y0, solver, {.rtol = 1e-12, .max_iter = 1000});
    EXPECT_EQ(solution.count(Status::stagnated) + solution.count(Status::converged), 3) << solution.message;
    EXPECT_LE(solution.calls, 90);
    EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(at::kFloat).ops(64)));
  }
}

TEST(FixedPoint, StagnatesWhereTheIterationGoesInCircles) {
  const Map turn([](const Tensor& y) { return -y; });
  const Solution solution = fixed_point(turn, at::ones({1, 2}), Picard{}, {.patience = 7});
  EXPECT_EQ(solution.status[0], Status::stagnated);
  EXPECT_EQ(solution.calls, 8);
  EXPECT_THAT(solution.message, HasSubstr("stagnated after 8 evaluations"));
}

TEST(FixedPoint, SlowGrowthForAWholeWindowIsDivergence) {
  const Map grow([](const Tensor& y) { return 1.1 * y; });
  const Solution solution = fixed_point(grow, at::ones({1, 2}), Picard{});
  EXPECT_EQ(solution.status[0], Status::diverged);
  EXPECT_EQ(solution.calls, Stop{}.patience + 1);
}

TEST(FixedPoint, TraceHasEveryResidualAndTheIteratesAskedFor) {
  const Problem problem = rows_of_gains({.5, .9}, 3, at::kDouble);
  const Solution solution = fixed_point(problem.map, problem.y0, Picard{}, {.rtol = 1e-6, .max_iter = 500}, {},
                                        {.residuals = true, .keep = {0, 2, 60, 9999}});
  const Trace& trace = solution.require().trace;
  ASSERT_EQ(trace.residual.size(), static_cast<std::size_t>(solution.calls));
  ASSERT_EQ(trace.seconds.size(), trace.residual.size());
  EXPECT_TRUE(std::is_sorted(trace.seconds.begin(), trace.seconds.end()));
  EXPECT_NEAR(trace.residual[40][1] / trace.residual[39][1], .9, 1e-9);
  EXPECT_TRUE(std::isnan(trace.residual[solution.iterations[0]][0])) << "the fast row is done";
  EXPECT_EQ(trace.residual.back()[1], solution.residual[1]);
  ASSERT_THAT(trace.kept, ElementsAre(0, 2, 60));
  EXPECT_TRUE(at::equal(trace.iterates[0].only(), problem.y0));
  EXPECT_TRUE(close(trace.iterates[1].only(), problem.map(problem.map(problem.y0)).only(), Tol::of(at::kDouble)));
  EXPECT_TRUE(at::equal(trace.iterates[2].only()[0], solution.y.only()[0])) << "done rows keep their answer";
}

TEST(FixedPoint, AllPartsOfAStateMustPass) {
  // The second part is a millionth of the first in size and converges more slowly.
  const Map map([](const State& y, const Rows&) -> State {
    return std::vector<Tensor>{.1 * y[0] + 1, .9 * y[1] + 1e-7};
  });
  const State y0(std::vector<Tensor>{at::zeros({2, 2, 3}, on(at::kDouble)), at::zeros({2, 4}, on(at::kDouble))});
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(map, y0, solver, {.rtol = 1e-6, .max_iter = 300}).require();
    const Tol tolerance = Tol::of(at::kDouble).plus(1e-6 / (1 - .9) * 2);
    EXPECT_TRUE(close(solution.y[0], at::full({2, 2, 3}, 1 / .9, on(at::kDouble)), tolerance));
    EXPECT_TRUE(close(solution.y[1], at::full({2, 4}, 1e-6, on(at::kDouble)), tolerance));
  }
}

TEST(FixedPoint, WorksInInferenceMode) {
  const c10::InferenceMode inference;
  const Problem problem = rows_of_gains({.5, .9}, 3, at::kFloat);
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(problem.map, problem.y0, solver, {.max_iter = 300});
    EXPECT_TRUE(solution.converged()) << solution.message;
  }
}

TEST(FixedPoint, CompactionGivesTheLiveRowsAndTheirContext) {
  const Problem problem = rows_of_gains({.99, .2, .9, .2, .2}, 6, at::kDouble);
  std::vector<std::vector<double>> seen;
  const Map watched([&](const Tensor& y, const Rows& rows) {
    if (!rows.all()) seen.push_back(tensor::to_doubles(rows.index()));
    return problem.map(y, rows).only();
  });
  const Stop stop{.rtol = 1e-8, .max_iter = 3000};
  const Solution compacted = fixed_point(watched, problem.y0, Picard{}, stop).require();
  EXPECT_THAT(seen.front(), ElementsAre(0, 2));
  EXPECT_THAT(seen.back(), ElementsAre(0));
  const Solution whole = fixed_point(problem.map, problem.y0, Picard{}, stop, {.compact = false}).require();
  EXPECT_TRUE(at::equal(compacted.y.only(), whole.y.only()));
  EXPECT_EQ(compacted.iterations, whole.iterations);
  EXPECT_EQ(whole.rows_evaluated, whole.calls * 5);
  EXPECT_LT(compacted.rows_evaluated, whole.rows_evaluated / 3);
}

TEST(FixedPoint, AMapWithoutRowsIsNeverCompacted) {
  const Tensor gain = at::tensor(std::vector<double>{.1, .9}, on(at::kDouble)).view({2, 1});
  const Map map([&](const Tensor& y) { return gain * y + 1; });
  const Solution solution = fixed_point(map, at::zeros({2, 3}, on(at::kDouble)), Picard{}, {.max_iter = 300}).require();
  EXPECT_EQ(solution.rows_evaluated, 2 * solution.calls);
  EXPECT_LT(solution.iterations[0], solution.iterations[1]);
}

TEST(FixedPointErrors, NameThePlaceAndTheValue) {
  const Map cosines([](const Tensor& y) { return at::cos(y); });
  const Tensor y0 = at::zeros({2, 3});
  EXPECT_THAT(error_of([&] { fixed_point(cosines, State()); }), HasSubstr("y0 has no tensor"));
  EXPECT_THAT(error_of([&] {
                fixed_point(cosines, at::zeros({2, 3}, on(at::kLong)));
              }),
              HasSubstr("y0's dtype = Long"));
  EXPECT_THAT(error_of([&] { fixed_point(cosines, y0, Picard{.damping = 0}); }),
              HasSubstr("damping = 0 violates (0, 1]"));
  EXPECT_THAT(error_of([&] { fixed_point(cosines, y0, Anderson{.depth = 33}); }),
              HasSubstr("depth = 33 violates [1, 32]"));
  EXPECT_THAT(error_of([&] { fixed_point(cosines, y0, Picard{}, {.rtol = -1}); }),
              HasSubstr("rtol = -1 violates >= 0"));
  EXPECT_THAT(error_of([&] { fixed_point(cosines, y0, Picard{}, {.rtol = NAN}); }), HasSubstr("rtol = nan"));
  EXPECT_THAT(error_of([&] { fixed_point(cosines, y0, Picard{}, {.max_iter = 0}); }), HasSubstr("max_iter = 0"));
  EXPECT_THAT(error_of([&] { fixed_point(Map([](const Tensor& y) { return y.narrow(1, 0, 2); }), y0); }),
              HasSubstr("G returned shape [2, 2] for a state of shape [2, 3]"));
  EXPECT_THAT(error_of([&] { fixed_point(Map([](const Tensor& y) { return y.narrow(0, 0, 1); }), y0); }),
              HasSubstr("G returned shape [1, 3]"));
  EXPECT_THAT(error_of([&] { fixed_point(Map([](const Tensor& y) { return y.to(at::kDouble); }), y0); }),
              HasSubstr("G returned Double on cpu for a state of Float on cpu"));
  EXPECT_THAT(error_of([&] { fixed_point(Map([](const Tensor& y) { return y.cos_(); }), y0); }),
              HasSubstr("G wrote into its argument"));
}

TEST(Solution, SaysWhatHappened) {
  EXPECT_EQ(Solution().brief(), "fixed_point was not called.");
  EXPECT_THAT(error_of([] { Solution().require(); }), HasSubstr("fixed_point was not called."));
  const Problem problem = cosine(at::kDouble);
  const Solution good = fixed_point(problem.map, problem.y0, Picard{});
  EXPECT_THAT(good.message, HasSubstr("3 of 3 rows converged to rtol 1e-05 in"));
  EXPECT_THAT(good.brief(), HasSubstr("converged 3/3, "));
  const Solution bad = fixed_point(problem.map, problem.y0, Picard{}, {.rtol = 1e-9, .atol = 1e-12, .max_iter = 4});
  EXPECT_THAT(bad.message, HasSubstr("3 of 3 rows did not converge to rtol 1e-09 and atol 1e-12 (3 max_iter)"));
  EXPECT_THAT(error_of([&] { bad.require(); }), HasSubstr("raise max_iter"));
}

// A map of proved contraction: every row's answer is within its bound, which is at most 1 / (1 - L) times its residual.
TEST(ErrorBound, HoldsForEveryRowAndStatus) {
  const testing_support::Problem p = testing_support::affine_of_radius(.8, 6, 10, at::kDouble);
  Map map = p.map;
  map.contracts_by(.8);
  for (const std::int64_t iterations : {1, 4, 200}) {
    const Solution s = fixed_point(map, p.y0, Picard{}, {.rtol = 1e-9, .max_iter = iterations});
    ASSERT_EQ(s.error_bound.size(), 6U);
    for (std::int64_t row = 0; row < 6; ++row) {
      const double error = (s.y.only()[row] - p.solution[row]).norm().item<double>();
      EXPECT_LE(error, s.error_bound[row] * (1 + 1e-9) + 1e-12);
      EXPECT_DOUBLE_EQ(s.error_bound[row], s.residual[row] / (1 - .8));
    }
  }
  EXPECT_TRUE(fixed_point(p.map, p.y0, Picard{}).error_bound.empty());
  map.contracts_by(1.5);
  EXPECT_EQ(fixed_point(map, p.y0, Picard{}).error_bound[0], std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace fathom::solve
