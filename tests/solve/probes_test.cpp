// The probes of common failures of fixed-point libraries: each is one test.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/solve/fixed_point.h"
#include "tests/support/close.h"
#include "tests/support/memory.h"
#include "tests/support/problems.h"
#include "tests/support/solvers.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

Map tanh_map(const Tensor& weight, const Tensor& injection) {
  return Map(
      [=](const Tensor& y, const Rows& rows) { return at::tanh(at::matmul(y, weight.t()) + rows.of(injection)); });
}

// The scale of the injection at which picard needs exactly `calls`: a larger one saturates tanh and
// converges sooner.
double scale_for_calls(const std::function<std::int64_t(double)>& picard_calls, std::int64_t calls) {
  double low = 1e-3, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = std::sqrt(low * high);
    const std::int64_t used = picard_calls(middle);
    if (used == calls) return middle;
    (used > calls ? low : high) = middle;
  }
  return 0;
}

TEST(Probe, AndersonHalvesTheCallsOfPicardOnASymmetricCell) {
  at::manual_seed(3);
  const Tensor weight = symmetric(512, .9, at::kFloat), noise = at::randn({64, 512}), y0 = at::zeros({64, 512});
  const Stop stop{.rtol = 1e-4};
  const auto calls = [&](double scale, const Solver& solver) {
    return fixed_point(tanh_map(weight, scale * noise), y0, solver, stop).require().calls;
  };
  const double scale = scale_for_calls([&](double s) { return calls(s, Picard{}); }, 40);
  ASSERT_GT(scale, 0);
  EXPECT_LE(calls(scale, Anderson{}), 20);
  EXPECT_LE(calls(scale, Anderson{.depth = 10}), 20);
}

TEST(Probe, OneSlowRowAmongManyFastWastesLittle) {
  std::vector<double> gains(256, .5);
  gains[100] = .99;
  const Problem problem = rows_of_gains(gains, 8, at::kFloat);
  const Stop stop{.rtol = 1e-5, .max_iter = 2000};
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(problem.map, problem.y0, solver, stop).require();
    if (solution.product_calls > 0) continue;  // evaluates G elsewhere too
    std::int64_t needed = 0;
    for (const std::int64_t iterations : solution.iterations) needed += iterations;
    EXPECT_LT(static_cast<double>(solution.rows_evaluated - needed), .1 * static_cast<double>(solution.rows_evaluated));
  }
}

// One row of gain `hard` among 255 of gain `easy`, solved without and with compaction. The time that goes with the rows
// is measured by bench/solve_bench.cpp; here the rows themselves are counted.
struct Saving {
  double rows = 0;        // evaluated without over with
  double iterations = 0;  // of the hard row over those of the others
};

Saving saving(double easy, double hard, const Solver& solver) {
  constexpr std::int64_t kRows = 256, kWidth = 512;
  std::vector<double> gains(kRows, easy);
  gains[100] = hard;
  // Rates spread over [0, gain], so that mixing a few columns does not solve a row at once.
  const Tensor rate = at::tensor(gains, on(at::kFloat)).view({kRows, 1}) * at::linspace(0, 1, kWidth);
  const Map map([&](const Tensor& y, const Rows& rows) { return (y - 1).mul_(rows.of(rate)).add_(1); });
  const Tensor y0 = at::zeros({kRows, kWidth});
  const Stop stop{.rtol = 1e-5, .max_iter = 2000};
  const Solution without = fixed_point(map, y0, solver, stop, {.compact = false}).require();
  const Solution with = fixed_point(map, y0, solver, stop, {.compact = true}).require();
  EXPECT_EQ(without.iterations, with.iterations);
  return {static_cast<double>(without.rows_evaluated) / static_cast<double>(with.rows_evaluated),
          static_cast<double>(with.iterations[100]) / static_cast<double>(with.iterations[0])};
}

TEST(Probe, CompactionSavesPicardTheRowsThatAreDone) {
  const Saving saved = saving(.5, .99, Picard{});
  EXPECT_GE(saved.iterations, 20);
  EXPECT_GE(saved.rows, 8);
}

TEST(Probe, CompactionSavesAndersonTheRowsThatAreDone) {
  const Saving saved = saving(.02, .998, Anderson{});
  EXPECT_GE(saved.iterations, 20);
  EXPECT_GE(saved.rows, .7 * saved.iterations);
}

// One row solved alone and in batches with other rows. Products may round differently in another
// batch, hence a tolerance.
void expect_row_independent(at::ScalarType type, double tolerance) {
  const Problem problem = tanh_cell(9, 32, .9, type);
  const Stop stop{.rtol = 1e-6};
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution together = fixed_point(problem.map, problem.y0, solver, stop).require();
    for (std::int64_t b = 0; b < 9; ++b) {
      const Rows row(at::full({1}, b, on(at::kLong)));
      const Map alone([&](const Tensor& y) { return problem.map(y, row).only(); });
      const Solution single = fixed_point(alone, problem.y0.narrow(0, b, 1), solver, stop).require();
      EXPECT_TRUE(close(together.y.only().narrow(0, b, 1), single.y.only(), Tol{.added = tolerance}));
      EXPECT_NEAR(static_cast<double>(together.iterations[b]), static_cast<double>(single.iterations[0]), 1);
    }
  }
}

TEST(Probe, ARowDoesNotDependOnItsBatchMatesInFloat64) { expect_row_independent(at::kDouble, 1e-6); }
TEST(Probe, ARowDoesNotDependOnItsBatchMatesInFloat32) { expect_row_independent(at::kFloat, 1e-6 / (1 - .9)); }

// Elementwise maps round alike in every batch, and so do the solvers: here even the bits agree.
TEST(Probe, ARowOfAnElementwiseMapIsBitwiseIndependent) {
  const Problem problem = rows_of_gains({.3, .9, .99, .5}, 37, at::kFloat);
  const Stop stop{.rtol = 1e-6, .max_iter = 2000};
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution together = fixed_point(problem.map, problem.y0, solver, stop).require();
    for (std::int64_t b = 0; b < 4; ++b) {
      const Rows row(at::full({1}, b, on(at::kLong)));
      const Map alone([&](const Tensor& y) { return problem.map(y, row).only(); });
      const Solution single = fixed_point(alone, problem.y0.narrow(0, b, 1), solver, stop);
      EXPECT_TRUE(at::equal(together.y.only().narrow(0, b, 1), single.y.only()));
      EXPECT_EQ(together.iterations[b], single.iterations[0]);
    }
  }
}

TEST(Probe, NaNInOneRowHarmsThatRowAlone) {
  const Problem problem = tanh_cell(6, 16, .8, at::kFloat);
  const Map poisoned([&](const Tensor& y, const Rows& rows) {
    Tensor g = problem.map(y, rows).only();
    const Tensor row = rows.all() ? at::arange(6) : rows.index();
    return at::where((row == 2).unsqueeze(1).logical_and(y.abs() > .1), std::numeric_limits<float>::quiet_NaN(), g);
  });
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution clean = fixed_point(problem.map, problem.y0, solver).require();
    const Solution solution = fixed_point(poisoned, problem.y0, solver);
    EXPECT_EQ(solution.status[2], Status::nonfinite);
    const double at_start = (problem.map(problem.y0).only() - problem.y0)[2].norm().item<double>();
    EXPECT_LE(solution.residual[2], at_start * (1 + 1e-6)) << "the best iterate before it is kept";
    EXPECT_TRUE(at::isfinite(solution.y.only()).all().item<bool>());
    EXPECT_EQ(solution.count(Status::converged), 5);
    const bool searches = name.find("newton") == 0 || name == "escalate";  // takes back steps that are not finite
    EXPECT_LE(solution.iterations[2], searches ? 40 : 4);
    for (const std::int64_t b : {0, 1, 3, 4, 5}) {
      EXPECT_TRUE(close(solution.y.only()[b], clean.y.only()[b], Tol::of(at::kFloat).plus(1e-5 / (1 - .8))));
    }
    EXPECT_THAT(solution.message, testing::HasSubstr("1 of 6 rows did not converge"));
    EXPECT_THAT(solution.message, testing::HasSubstr("row 2, nonfinite"));
  }
}

TEST(Probe, ExpandingMapIsDivergedOrSolvedFromAnyStart) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const double start : {0.0, 1.0, -7.0, 1e-3, -.4999, 1e3, 1e6, 1e10, -1e15}) {
      const Problem problem = expanding(start, type);
      for (const auto& [name, solver] : every_solver()) {
        SCOPED_TRACE(name + " from " + std::to_string(start));
        const Solution solution = fixed_point(problem.map, problem.y0, solver);
        EXPECT_THAT(solution.status, testing::Each(testing::AnyOf(Status::converged, Status::diverged)))
            << solution.message;
        if (solution.converged()) {
          EXPECT_TRUE(close(solution.y.only(), problem.solution, Tol::of(type).plus(1e-5)));
        }
        if (name != "picard") continue;
        EXPECT_THAT(solution.status, testing::Each(Status::diverged));
        EXPECT_LE(solution.calls, 20);
        EXPECT_TRUE(close(solution.y.only(), problem.y0, Tol::of(type))) << "the start is the best iterate";
      }
    }
  }
}

// y + 2 + sin y has no fixed point: every solver uses all its iterations.
TEST(Probe, SolverMemoryIsFlatInTheIterations) {
  const Map endless([](const Tensor& y, const Rows&) { return y + 2 + at::sin(y); });
  const Tensor y0 = at::linspace(0, 3, 64, on(at::kDouble)).view({4, 16});
  for (const auto& [name, given] : every_solver()) {
    SCOPED_TRACE(name);
    // Long steps lead to where 2 + sin y is lost in the rounding of y.
    Solver solver = given;
    if (auto* anderson = std::get_if<Anderson>(&solver)) anderson->max_weight = .5;
    std::vector<double> peaks;
    for (const std::int64_t iterations : {10, 100, 1000}) {
      MemoryCounter memory;
      const Stop stop{.rtol = 0, .max_iter = iterations, .patience = 2000};
      const Solution solution = fixed_point(endless, y0, solver, stop, {.compact = false});
      EXPECT_THAT(solution.iterations, testing::Each(iterations)) << solution.message;
      peaks.push_back(static_cast<double>(memory.peak()));
    }
    EXPECT_LE(peaks[1], 1.02 * peaks[0]);
    EXPECT_LE(peaks[2], 1.02 * peaks[0]);
  }
}

TEST(Probe, LimitedMemoryBroydenConverges) {
  at::manual_seed(3);
  const Tensor weight = symmetric(512, .9, at::kFloat), noise = at::randn({64, 512});
  const Solution solution =
      fixed_point(tanh_map(weight, .1 * noise), at::zeros({64, 512}), Broyden{.memory = 20}, {.rtol = 1e-6}).require();
  EXPECT_LE(solution.calls, 40);
  EXPECT_TRUE(at::isfinite(solution.y.only()).all().item<bool>());
}

TEST(Probe, CompactionChangesNoAnswer) {
  const Problem problem = tanh_cell(9, 32, .9, at::kDouble);
  const Tensor y0 = problem.y0 + problem.solution * at::linspace(0, 1, 9, on(at::kDouble)).view({9, 1});
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution with = fixed_point(problem.map, y0, solver, {.rtol = 1e-8, .max_iter = 400}).require();
    const Solution without =
        fixed_point(problem.map, y0, solver, {.rtol = 1e-8, .max_iter = 400}, {.compact = false}).require();
    EXPECT_TRUE(close(with.y.only(), without.y.only(), Tol::of(at::kDouble).plus(1e-7)));
    EXPECT_EQ(with.status, without.status);
    EXPECT_LE(with.rows_evaluated, without.rows_evaluated);
  }
}

TEST(Probe, GradModeOutsideCostsNoMemoryInside) {
  const Problem problem = affine_of_radius(.99, 4, 64, at::kFloat);
  const Tensor scale = at::ones({64}).requires_grad_(true);
  const Map map([&](const Tensor& y, const Rows& rows) { return problem.map(y, rows).only() * scale; });
  const auto peak = [&](bool grad) {
    const at::AutoGradMode mode(grad);
    MemoryCounter memory;
    const Solution solution = fixed_point(map, problem.y0, Picard{}, {.rtol = 0, .max_iter = 50});
    EXPECT_FALSE(solution.y.only().requires_grad());
    return memory.peak();
  };
  EXPECT_EQ(peak(true), peak(false));
}

// The map allocates what it returns; the solver nothing, once it is under way.
TEST(Probe, NoAllocationPerIteration) {
  const Problem problem = affine_of_radius(.999, 4, 64, at::kFloat);
  std::vector<Tensor> buffers{at::empty({4, 64}), at::empty({4, 64})};
  std::size_t turn = 0;
  const Tensor weight = symmetric(64, .999, at::kFloat), offset = at::ones({4, 64});
  const Map into_buffers(
      [&](const Tensor& y, const Rows&) { return at::addmm_out(buffers[turn++ % 2], offset, y, weight); });
  for (const Solver& solver : {Solver(Picard{}), Solver(Anderson{})}) {
    std::vector<std::int64_t> allocations;
    for (const std::int64_t iterations : {10, 200}) {
      MemoryCounter memory;
      const Stop stop{.rtol = 0, .max_iter = iterations, .patience = 1000};
      EXPECT_EQ(fixed_point(into_buffers, problem.y0, solver, stop).calls, iterations);
      allocations.push_back(memory.allocations());
    }
    EXPECT_EQ(allocations[0], allocations[1]);
  }
}

}  // namespace
}  // namespace fathom::solve
