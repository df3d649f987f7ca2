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

const std::vector<NewtonKrylov>& both() {
  static const std::vector<NewtonKrylov> all{{}, {.jvp = "finite_difference"}};
  return all;
}

// A stiff block: tanh of a product with large weights, whose solution is chosen first.
Problem stiff(double radius, at::ScalarType type) {
  at::manual_seed(21);
  const Tensor weight = symmetric(32, radius, at::kDouble);
  const Tensor solution = .4 * (at::rand({5, 32}, on(at::kDouble)) - .5);
  const Tensor injection = (solution - at::mm(at::tanh(solution), weight.t())).to(type), w = weight.to(type);
  Map map([=](const Tensor& y, const Rows& rows) { return at::addmm(rows.of(injection), at::tanh(y), w.t()); });
  return {"stiff", map, (.9 * solution).to(type), solution.to(type), radius};
}

TEST(NewtonKrylov, SolvesStiffAndExpandingBlocks) {
  for (const NewtonKrylov& options : both()) {
    for (const double radius : {.99, 1.5, 4.0}) {
      SCOPED_TRACE(radius);
      const Problem problem = stiff(radius, at::kDouble);
      const Solution solution = fixed_point(problem.map, problem.y0, options, {.rtol = 1e-9});
      EXPECT_TRUE(solution.converged()) << solution.message;
      for (const std::int64_t iterations : solution.iterations) EXPECT_LE(iterations, 12);
      const Tensor r = problem.map(solution.y).only() - solution.y.only();
      EXPECT_LE(r.norm().item<double>(), 1e-8);
    }
    EXPECT_FALSE(fixed_point(stiff(4, at::kDouble).map, stiff(4, at::kDouble).y0, Picard{}).converged());
  }
}

TEST(NewtonKrylov, IsExactOnALinearMapInOneStepWithTightForcing) {
  const Problem problem = affine_of_radius(.999, 4, 12, at::kDouble);
  const NewtonKrylov options{.forcing_start = 1e-10, .forcing_max = 1e-10};
  const Solution solution = fixed_point(problem.map, problem.y0, options, {.rtol = 1e-8}).require();
  EXPECT_THAT(solution.iterations, Each(2));
  for (const std::int64_t products : solution.products) EXPECT_LE(products, 12);
  EXPECT_EQ(solution.calls, 3) << "two points and one taped";
}

TEST(NewtonKrylov, ConvergesFasterThanLinearlyNearTheSolution) {
  const Problem problem = tanh_cell(1, 24, .99, at::kDouble);
  const Solution solution =
      fixed_point(problem.map, problem.y0, NewtonKrylov{}, {.rtol = 1e-12}, {}, {.residuals = true}).require();
  const auto& trace = solution.trace.residual;
  const std::size_t last = trace.size() - 1;
  ASSERT_GE(last, 3U);
  EXPECT_LT(trace[last][0] / trace[last - 1][0], .01) << "the forcing term has become small";
}

TEST(NewtonKrylov, BacktracksWhereTheFullStepOvershoots) {
  // r = -atan(3 y): full Newton steps diverge from |y| > .47.
  const Map map([](const Tensor& y, const Rows&) { return y - at::atan(3 * y); });
  const Tensor y0 = at::tensor(std::vector<double>{.1, 2, -5, 30}, on(at::kDouble)).view({4, 1});
  for (const NewtonKrylov& options : both()) {
    const Solution solution = fixed_point(map, y0, options, {.rtol = 0, .atol = 1e-10});
    EXPECT_TRUE(solution.converged()) << solution.message;
    EXPECT_LT(solution.y.only().abs().max().item<double>(), 1e-9);
    EXPECT_GT(solution.iterations[3], solution.iterations[0]);
  }
}

TEST(NewtonKrylov, CountsWhatItDoes) {
  const Problem problem = tanh_cell(3, 16, .9, at::kDouble);
  std::int64_t calls = 0, rows = 0;
  const Map counted([&](const Tensor& y, const Rows& which) {
    ++calls;
    rows += y.size(0);
    return problem.map(y, which).only();
  });
  for (const NewtonKrylov& options : both()) {
    calls = rows = 0;
    const Solution solution = fixed_point(counted, problem.y0, options, {.rtol = 1e-8}).require();
    EXPECT_EQ(solution.calls, calls);
    EXPECT_EQ(solution.rows_evaluated, rows);
    EXPECT_GE(solution.product_calls, *std::max_element(solution.products.begin(), solution.products.end()));
    for (const std::int64_t products : solution.products) EXPECT_GE(products, 1);
    const bool differences = options.jvp == "finite_difference";
    const std::int64_t turns = *std::max_element(solution.iterations.begin(), solution.iterations.end());
    EXPECT_EQ(solution.calls, differences ? turns + solution.product_calls : 2 * turns - 1);
  }
  EXPECT_EQ(fixed_point(problem.map, problem.y0, Anderson{}).product_calls, 0);
}

TEST(NewtonKrylov, AMapThatCannotBeCompactedGivesTheSameAnswer) {
  const Problem problem = rows_of_gains({.5, .999, 1.5, .9}, 5, at::kDouble);
  Map whole = problem.map;
  whole.never_compact();
  for (const NewtonKrylov& options : both()) {
    const Solution parts = fixed_point(problem.map, problem.y0, options, {.rtol = 1e-8}).require();
    const Solution together = fixed_point(whole, problem.y0, options, {.rtol = 1e-8}).require();
    EXPECT_TRUE(close(parts.y.only(), together.y.only(), Tol::of(at::kDouble).plus(1e-8 * 1000)));
    EXPECT_EQ(parts.iterations, together.iterations);
    EXPECT_EQ(together.rows_evaluated, 4 * together.calls);
  }
}

TEST(NewtonKrylov, DoesNotNeedADerivativeForFiniteDifferences) {
  const Problem problem = tanh_cell(3, 16, .95, at::kDouble);
  const Map opaque([&](const Tensor& y, const Rows& rows) { return problem.map(y.detach(), rows).only().detach(); });
  const Solution hidden = fixed_point(opaque, problem.y0, NewtonKrylov{}, {.rtol = 1e-8, .max_iter = 8});
  EXPECT_FALSE(hidden.converged()) << "what autograd does not see is constant: plain steps";
  const Solution solution =
      fixed_point(opaque, problem.y0, NewtonKrylov{.jvp = "finite_difference"}, {.rtol = 1e-8, .max_iter = 8});
  EXPECT_TRUE(solution.converged()) << solution.message;
}

TEST(NewtonKrylov, AnInfiniteTrialIsTakenBack) {
  // The full step from 3 leaves the domain of log.
  const Map map([](const Tensor& y, const Rows&) { return y - at::log(y); });
  const Solution solution =
      fixed_point(map, at::full({2, 2}, 30.0, on(at::kDouble)), NewtonKrylov{}, {.rtol = 1e-9}).require();
  EXPECT_TRUE(close(solution.y.only(), at::ones({2, 2}, on(at::kDouble)), Tol::of(at::kDouble).plus(2e-9)));
}

}  // namespace
}  // namespace fathom::solve
