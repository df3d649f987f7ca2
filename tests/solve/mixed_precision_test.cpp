// Solves in low precision: the floor is recognised, the polish is exact, 16-bit states work in every solver.
#include "fathom/solve/mixed_precision.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/judge.h"
#include "fathom/tensor/precision.h"
#include "tests/support/problems.h"
#include "tests/support/solvers.h"

namespace fathom::solve {
namespace {

using namespace testing_support;
using testing::Each;
using testing::HasSubstr;

const double kEpsilon = tensor::epsilon_of(at::kBFloat16);

double worst(const std::vector<double>& values) { return *std::max_element(values.begin(), values.end()); }
std::int64_t most(const std::vector<std::int64_t>& values) { return *std::max_element(values.begin(), values.end()); }

Tensor relative_residual(const Map& map, const Tensor& y) {
  const Tensor g = map(y).only();
  return (g - y).norm(2, {1}) / g.norm(2, {1});
}

TEST(LowPrecision, EverySolverStagnatesAtTheFloorInsteadOfRunningOn) {
  const Problem p = tanh_cell(8, 64, .9, at::kFloat);
  const Map low = in_precision(p.map, at::kBFloat16);
  for (const NamedSolver& named : every_solver()) {
    SCOPED_TRACE(named.name);
    const Solution s = fixed_point(low, p.y0, named.solver, {.rtol = 1e-6, .max_iter = 1000});
    EXPECT_THAT(s.status, Each(Status::stagnated));
    // Down to the floor takes picard log(4 eps) / log(.9) = 33 iterations, and 5 more show that it is the floor; noise
    // that happens to be 1% lower begins the count again.
    EXPECT_LE(most(s.iterations), 120) << s.message;
    EXPECT_LE(worst(s.relative), Judge::floor(kEpsilon));
    EXPECT_THAT(s.message, HasSubstr("that is the floor of the precision G is evaluated in"));
    // The rounded G is off by a few units: so is the residual of G itself.
    EXPECT_LE(relative_residual(p.map, s.y.only()).max().item<double>(), 2 * Judge::floor(kEpsilon));
  }
}

TEST(LowPrecision, AToleranceThatItCanMeetIsMet) {
  const Problem p = tanh_cell(8, 64, .9, at::kFloat);
  for (const Solver& solver : {Solver(Picard{}), Solver(Anderson{})}) {
    const Solution s = fixed_point(in_precision(p.map, at::kBFloat16), p.y0, solver, {.rtol = .02, .max_iter = 200});
    EXPECT_TRUE(s.converged()) << s.message;
  }
}

TEST(LowPrecision, AFixedPointOfTheRoundedMapIsNotCalledConverged) {
  // In a few steps round(y) no longer moves and G(round(y)) = y exactly: a residual of 0 that says nothing.
  const Tensor x = at::rand({4, 3}) + 1;
  const Map map([=](const Tensor& y, const Rows& rows) { return .25 * y + rows.of(x); });
  const Solution s = fixed_point(in_precision(map, at::kBFloat16), at::zeros({4, 3}), Picard{}, {.rtol = 1e-6});
  EXPECT_THAT(s.status, Each(Status::stagnated));
  EXPECT_THAT(s.relative, Each(0));
  EXPECT_GT(relative_residual(map, s.y.only()).max().item<double>(), 1e-6);
  EXPECT_LE(most(s.iterations), 20);
}

TEST(MixedPrecision, ReachesTheToleranceOfTheFullPrecision) {
  const Problem p = tanh_cell(16, 64, .9, at::kFloat);
  const Stop stop{.rtol = 1e-5, .max_iter = 400};
  for (const NamedSolver& named : every_solver()) {
    SCOPED_TRACE(named.name);
    const MixedSolution mixed = fixed_point_mixed(p.map, p.y0, named.solver, stop);
    ASSERT_TRUE(mixed.solution.converged()) << mixed.solution.message;
    const Tensor y = mixed.solution.y.only();
    EXPECT_LE(relative_residual(p.map, y).max().item<double>(), 1.1 * stop.rtol);
    const Tensor error = (y - p.solution).norm(2, {1}) / p.solution.norm(2, {1});
    EXPECT_LE(error.max().item<double>(), 1.1 * stop.rtol / (1 - p.gain));
  }
}

TEST(MixedPrecision, SavesFullPrecisionCallsAndCountsBothPhases) {
  const Problem p = tanh_cell(16, 64, .9, at::kFloat);
  const Stop stop{.rtol = 1e-5, .max_iter = 400};
  const Solution full = fixed_point(p.map, p.y0, Picard{}, stop);
  const MixedSolution mixed = fixed_point_mixed(p.map, p.y0, Picard{}, stop);
  const std::int64_t in_full = mixed.solution.calls - mixed.early.calls;
  EXPECT_GT(mixed.early.calls, 10);
  EXPECT_LT(in_full, full.calls - 10) << "picard gains a digit in 22 steps, and bfloat16 gives two";
  for (std::size_t b = 0; b < 16; ++b) {
    EXPECT_GT(mixed.solution.iterations[b], mixed.early.iterations[b]);
    EXPECT_LE(mixed.solution.iterations[b], mixed.solution.calls);
  }
  EXPECT_GE(mixed.solution.rows_evaluated, mixed.early.rows_evaluated + 16);
  EXPECT_GE(mixed.solution.seconds, mixed.early.seconds);
  EXPECT_THAT(mixed.solution.message, HasSubstr("calls were in lower precision"));
}

TEST(MixedPrecision, KeepsToMaxIterAndItsShare) {
  const Problem p = nearly_singular(at::kFloat);
  const MixedSolution mixed =
      fixed_point_mixed(p.map, p.y0, Picard{}, {.rtol = 1e-7, .max_iter = 40, .patience = 100}, {.share = .25});
  EXPECT_LE(most(mixed.early.iterations), 10);
  EXPECT_EQ(most(mixed.solution.iterations), 30 + most(mixed.early.iterations));
  EXPECT_THAT(mixed.solution.status, Each(Status::max_iter));
}

TEST(MixedPrecision, FloatFirstThenDouble) {
  const Problem p = tanh_cell(4, 16, .5, at::kDouble);
  const Problem twin = tanh_cell(4, 16, .5, at::kFloat);
  const Map map([=](const Tensor& y, const Rows& rows) {
    return y.scalar_type() == at::kFloat ? twin.map(y, rows).only() : p.map(y, rows).only();
  });
  const MixedSolution mixed =
      fixed_point_mixed(map, p.y0, Anderson{}, {.rtol = 1e-12}, {.early = "float32", .rtol = 1e-6});
  EXPECT_TRUE(mixed.solution.converged()) << mixed.solution.message;
  EXPECT_LE((mixed.solution.y.only() - p.solution).abs().max().item<double>(), 1e-11);
  EXPECT_LE(worst(mixed.early.relative), 1e-6);
}

TEST(MixedPrecision, ARowThatIsNoNumberHarmsItselfAlone) {
  Problem p = tanh_cell(4, 16, .5, at::kFloat);
  p.y0[2].fill_(std::nan(""));
  const MixedSolution mixed = fixed_point_mixed(p.map, p.y0, Anderson{}, {.rtol = 1e-5});
  for (std::size_t b = 0; b < 4; ++b) {
    EXPECT_EQ(mixed.solution.status[b], b == 2 ? Status::nonfinite : Status::converged) << b;
  }
}

TEST(MixedPrecision, OptionsAreChecked) {
  const Problem p = cosine(at::kFloat);
  EXPECT_THROW(fixed_point_mixed(p.map, p.y0, Picard{}, {}, {.early = "int8"}), UsageError);
  EXPECT_THROW(fixed_point_mixed(p.map, p.y0, Picard{}, {}, {.share = 1}), UsageError);
  EXPECT_THROW(fixed_point_mixed(p.map, p.y0, Picard{}, {.max_iter = 1}), Error);
}

TEST(SixteenBitState, EverySolverConvergesToWhatItCanTell) {
  const Problem p = tanh_cell(8, 16, .5, at::kBFloat16);
  for (const NamedSolver& named : every_solver()) {
    SCOPED_TRACE(named.name);
    const Solution s = fixed_point(p.map, p.y0, named.solver, {.rtol = .03, .max_iter = 100});
    ASSERT_TRUE(s.converged()) << s.message;
    EXPECT_EQ(s.y.only().scalar_type(), at::kBFloat16);
    const Tensor y = s.y.only().to(at::kDouble), solution = p.solution.to(at::kDouble);
    // A residual of rtol, and the weights, injection and sums of this G rounded to bfloat16.
    const double allowed = (.03 + 4 * kEpsilon) / (1 - p.gain);
    EXPECT_LE(((y - solution).norm(2, {1}) / solution.norm(2, {1})).max().item<double>(), allowed);
  }
}

TEST(SixteenBitState, EverySolverEndsAtItsFloor) {
  const Problem p = tanh_cell(8, 16, .5, at::kBFloat16);
  for (const NamedSolver& named : every_solver()) {
    SCOPED_TRACE(named.name);
    const Solution s = fixed_point(p.map, p.y0, named.solver, {.rtol = 1e-6, .max_iter = 500});
    EXPECT_LE(most(s.iterations), 120) << s.message;
    EXPECT_LE(worst(s.relative), Judge::floor(kEpsilon)) << s.message;
    for (const Status status : s.status) EXPECT_TRUE(status == Status::stagnated || status == Status::converged);
  }
}

TEST(SixteenBitState, SeveralPartsCompactedOverRows) {
  const Tensor x = at::linspace(.1, .9, 12).view({4, 3}).to(at::kBFloat16);
  const Map map([=](const State& y, const Rows& rows) { return State({.5 * y[1] + rows.of(x), .5 * y[0]}); });
  const Solution s =
      fixed_point(map, State({at::zeros_like(x), at::zeros_like(x)}), Anderson{}, {.rtol = .02, .max_iter = 50});
  ASSERT_TRUE(s.converged()) << s.message;
  const Tensor expected = x.to(at::kDouble) / .75;
  EXPECT_LE((s.y[0].to(at::kDouble) - expected).abs().max().item<double>(), .9 / .75 * 4 * (.02 + kEpsilon));
}

}  // namespace
}  // namespace fathom::solve
