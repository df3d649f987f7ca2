#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/splitting.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems
using testing::Each;

struct Cell {
  MonotoneCell cell;
  Tensor injection, z0;

  static Cell draw(double margin, const std::string& activation, at::ScalarType type, double size = 1) {
    at::manual_seed(31);
    const Tensor A = size * at::randn({20, 20}, on(at::kDouble)) / std::sqrt(20),
                 B = size * at::randn({20, 20}, on(at::kDouble)) / std::sqrt(20);
    return {{monotone_weight(A, B, margin).to(type), activation},
            at::randn({6, 20}, on(type)),
            at::zeros({6, 20}, on(type))};
  }
};

const std::vector<std::string> kActivations{"relu", "tanh", "sigmoid", "identity"};

TEST(Splitting, ConvergesToTheOneEquilibriumByBothWays) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const std::string& activation : kActivations) {
      SCOPED_TRACE(activation);
      const Cell one = Cell::draw(.3, activation, type);
      const double rtol = type == at::kFloat ? 1e-5 : 1e-9;
      const Stop stop{.rtol = rtol, .max_iter = 3000, .patience = 1000};
      const MonotoneSolver reflecting(one.cell), forward(one.cell, {.method = "forward_backward"});
      const Solution a = reflecting.solve(one.injection, one.z0, stop), b = forward.solve(one.injection, one.z0, stop);
      const Solution c = reflecting.solve(one.injection, one.z0 + 5, stop);
      EXPECT_TRUE(a.converged()) << a.message;
      EXPECT_TRUE(b.converged()) << b.message;
      EXPECT_LT(a.calls, b.calls);
      // ||z - z*|| <= ||r|| (1 + L) / m for a strongly monotone cell.
      const double amplification = (1 + forward.lipschitz()) / forward.margin();
      const Tol tolerance = Tol::of(type).ops(20).plus(2 * rtol * std::sqrt(20) * amplification);
      EXPECT_TRUE(close(a.y.only(), b.y.only(), tolerance));
      EXPECT_TRUE(close(c.y.only(), b.y.only(), tolerance)) << "from another start";
    }
  }
}

// The proved factor bounds the distance of u, and prox does not expand: ||z_k - z*|| <= rate^k ||u_0 - u*||.
TEST(Splitting, ConvergesAtLeastAsFastAsProved) {
  for (const std::string method : {"forward_backward", "peaceman_rachford"}) {
    for (const std::string& activation : kActivations) {
      const Cell one = Cell::draw(.5, activation, at::kDouble, .4);
      const MonotoneSolver solver(one.cell, {.method = method});
      const Tensor exact =
          solver.solve(one.injection, one.z0, {.rtol = 1e-14, .max_iter = 5000, .patience = 2000}).y.only();
      const TraceOptions keep{.keep = {0, 10, 20}};
      const Solution solution = solver.solve(one.injection, one.z0, {.rtol = 1e-15, .max_iter = 21}, {}, keep);
      const Tensor preactivation = [&](const Tensor& z) {
        return at::addmm(one.injection, z, one.cell.weight.t());
      }(exact);
      const double alpha = solver.alpha();
      const Tensor u_star = (1 - alpha) * exact + alpha * preactivation;
      const Tensor u_start = (1 - alpha) * one.z0 + alpha * one.injection;
      const double from = std::max((u_start - u_star).norm().item<double>(), (one.z0 - exact).norm().item<double>());
      for (std::size_t k = 1; k < solution.trace.kept.size(); ++k) {
        const double error = (solution.trace.iterates[k].only() - exact).norm().item<double>();
        EXPECT_LE(error, std::pow(solver.rate(), solution.trace.kept[k]) * from * (1 + 1e-9) + 1e-11) << method;
      }
    }
  }
}

TEST(Splitting, ConvergesWherePlainIterationDiverges) {
  const Cell one = Cell::draw(.1, "relu", at::kDouble, 3);
  const MonotoneSolver solver(one.cell);
  EXPECT_THAT(fixed_point(solver.map(one.injection), one.z0, Picard{}).status, Each(Status::diverged));
  const Solution solution = solver.solve(one.injection, one.z0, {.rtol = 1e-8, .max_iter = 5000, .patience = 5000});
  EXPECT_TRUE(solution.converged()) << solution.message;
  const Tensor r = solver.map(one.injection)(solution.y).only() - solution.y.only();
  EXPECT_LE(r.norm().item<double>(), 1e-7 * solution.y.only().norm().item<double>());
}

TEST(Splitting, MeasuresMarginAndLipschitzConstant) {
  const Tensor W = at::diag(at::tensor(std::vector<double>{.2, -1, -3}, on(at::kDouble)));
  const MonotoneSolver solver({W, "relu"});
  EXPECT_NEAR(solver.margin(), .8, 1e-12);
  EXPECT_NEAR(solver.lipschitz(), 4, 1e-12);
  EXPECT_NEAR(solver.alpha(), .25, 1e-12);
  EXPECT_NEAR(solver.rate(), std::sqrt(3.2 / 4.8), 1e-12);
  const Tensor A = at::randn({2, 3}, on(at::kDouble)), B = at::randn({3, 3}, on(at::kDouble));
  EXPECT_GE(MonotoneSolver({monotone_weight(A, B, .25), "tanh"}).margin(), .25 - 1e-12);
}

TEST(Splitting, ARowDoesNotDependOnTheOthersAndFinishedRowsAreDropped) {
  Cell one = Cell::draw(.2, "tanh", at::kDouble);
  const MonotoneSolver solver(one.cell);
  const Stop stop{.rtol = 1e-9, .max_iter = 2000, .patience = 500};
  one.injection[3].mul_(20);
  const Solution all = solver.solve(one.injection, one.z0, stop).require();
  const Solution whole = solver.solve(one.injection, one.z0, stop, {.compact = false}).require();
  EXPECT_EQ(all.iterations, whole.iterations);
  EXPECT_LE(all.rows_evaluated, whole.rows_evaluated);
  for (std::int64_t b = 0; b < 6; ++b) {
    const Solution alone = solver.solve(one.injection.narrow(0, b, 1), one.z0.narrow(0, b, 1), stop).require();
    EXPECT_TRUE(close(alone.y.only(), all.y.only().narrow(0, b, 1), Tol::of(at::kDouble).plus(1e-7)));
  }
  EXPECT_EQ(solver.solve(one.injection, all.y.only(), {.rtol = 2e-9}).calls, 1) << "a warm start";
}

TEST(Splitting, ANaNHarmsItsRowAlone) {
  Cell one = Cell::draw(.4, "relu", at::kDouble);
  one.injection[2][5] = NAN;
  const Solution solution = MonotoneSolver(one.cell).solve(one.injection, one.z0, {.rtol = 1e-8, .max_iter = 1000});
  EXPECT_EQ(solution.status[2], Status::nonfinite);
  EXPECT_EQ(solution.count(Status::converged), 5) << solution.message;
}

TEST(Splitting, RefusesWhatNeedNotConverge) {
  const Tensor eye = at::eye(3, on(at::kDouble));
  EXPECT_THROW(MonotoneSolver({eye, "relu"}), Error);
  EXPECT_THROW(MonotoneSolver({.5 * eye, "gelu"}), Error);
  EXPECT_THROW(MonotoneSolver({-eye, "relu"}, {.method = "forward_backward", .alpha = 1}), Error);
  EXPECT_THROW(MonotoneSolver({at::zeros({2, 3}), "relu"}), Error);
  EXPECT_THROW(monotone_weight(eye, eye, 0), Error);
  EXPECT_THROW(MonotoneSolver({.5 * eye, "relu"}).solve(at::zeros({2, 4}), at::zeros({2, 4})), Error);
}

// z = prox(u) solves z + alpha (act^-1(z) - z) = u.
TEST(Proximal, SolvesItsEquation) {
  const Tensor u = at::linspace(-30, 30, 401, on(at::kDouble));
  for (const double alpha : {.01, .1, .5, 1.0, 2.0, 10.0, 100.0}) {
    SCOPED_TRACE(alpha);
    // Compared as t -> u, since act^-1 is unbounded where act is flat.
    const Tensor t = at::linspace(-8, 8, 401, on(at::kDouble));
    EXPECT_TRUE(close(proximal("tanh", alpha, (1 - alpha) * at::tanh(t) + alpha * t), at::tanh(t),
                      Tol::of(at::kDouble).ops(1e4)));
    EXPECT_TRUE(close(proximal("sigmoid", alpha, (1 - alpha) * at::sigmoid(t) + alpha * t), at::sigmoid(t),
                      Tol::of(at::kDouble).ops(1e4)));
    EXPECT_TRUE(at::equal(proximal("relu", alpha, u), at::relu(u)));
    EXPECT_TRUE(at::equal(proximal("identity", alpha, u), u));
  }
}

}  // namespace
}  // namespace fathom::solve
