// Every solver on every problem in both dtypes: value, status and the number of calls.
#include "tests/support/problems.h"

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fathom/solve/fixed_point.h"
#include "tests/support/close.h"
#include "tests/support/solvers.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

constexpr double kRtol = 1e-5;

// I - J has no eigenvalue below 1/2 in size, but J three beyond 1: no plain iteration converges.
Problem expanding_in_three_directions(at::ScalarType type) {
  const Tensor weight = at::diag(at::tensor(std::vector<double>{3, -2, 1.5, .3}, on(at::kDouble))).to(type);
  return affine("expanding in three directions", weight, at::ones({2, 4}, on(type)), .5);
}

struct Expected {
  Status status = Status::converged;
  std::int64_t calls = 0;     // of G, at most
  std::int64_t products = 0;  // J v on some batch, at most
};

struct Case {
  std::function<Problem(at::ScalarType)> problem;
  std::map<std::string, Expected> by_solver;  // all of every_solver()
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {[](auto type) { return affine_of_radius(.5, 3, 7, type); },
       {
           {"picard", {Status::converged, 20}},
           {"anderson", {Status::converged, 10}},
           {"anderson type 1", {Status::converged, 10}},
           {"broyden", {Status::converged, 11}},
           {"newton_krylov", {Status::converged, 9, 12}},
           {"newton_krylov by finite differences", {Status::converged, 18, 12}},
           {"escalate", {Status::converged, 20}},
           {"reversible", {Status::converged, 36}},
       }},
      {[](auto type) { return affine_of_radius(.9, 3, 7, type); },
       {
           {"picard", {Status::converged, 120}},
           {"anderson", {Status::converged, 13}},
           {"anderson type 1", {Status::converged, 13}},
           {"broyden", {Status::converged, 13}},
           {"newton_krylov", {Status::converged, 9, 13}},
           {"newton_krylov by finite differences", {Status::converged, 19, 13}},
           {"escalate", {Status::converged, 48}},
           {"reversible", {Status::converged, 180}},
       }},
      {[](auto type) { return rotation(type); },
       {
           {"picard", {Status::converged, 120}},
           {"anderson", {Status::converged, 6}},
           {"anderson type 1", {Status::converged, 6}},
           {"broyden", {Status::converged, 7}},
           {"newton_krylov", {Status::converged, 5, 5}},
           {"newton_krylov by finite differences", {Status::converged, 9, 6}},
           {"escalate", {Status::converged, 48}},
           {"reversible", {Status::converged, 25}},
       }},
      {[](auto type) { return cosine(type); },
       {
           {"picard", {Status::converged, 31}},
           {"anderson", {Status::converged, 9}},
           {"anderson type 1", {Status::converged, 9}},
           {"broyden", {Status::converged, 9}},
           {"newton_krylov", {Status::converged, 15, 10}},
           {"newton_krylov by finite differences", {Status::converged, 18, 10}},
           {"escalate", {Status::converged, 31}},
           {"reversible", {Status::converged, 50}},
       }},
      {[](auto type) { return tanh_cell(5, 16, .8, type); },
       {
           {"picard", {Status::converged, 33}},
           {"anderson", {Status::converged, 16}},
           {"anderson type 1", {Status::converged, 16}},
           {"broyden", {Status::converged, 17}},
           {"newton_krylov", {Status::converged, 9, 22}},
           {"newton_krylov by finite differences", {Status::converged, 26, 22}},
           {"escalate", {Status::converged, 33}},
           {"reversible", {Status::converged, 52}},
       }},
      {[](auto type) { return tanh_cell(5, 64, .99, type); },
       {
           {"picard", {Status::converged, 92}},
           {"anderson", {Status::converged, 36}},
           {"anderson type 1", {Status::converged, 38}},
           {"broyden", {Status::converged, 30}},
           {"newton_krylov", {Status::converged, 11, 43}},
           {"newton_krylov by finite differences", {Status::converged, 48, 43}},
           {"escalate", {Status::converged, 52}},
           {"reversible", {Status::converged, 145}},
       }},
      {[](auto type) { return nearly_singular(type); },
       {
           {"picard", {Status::max_iter, 200}},
           {"anderson", {Status::converged, 8}},
           {"anderson type 1", {Status::converged, 8}},
           {"broyden", {Status::converged, 13}},
           {"newton_krylov", {Status::converged, 6, 8}},
           {"newton_krylov by finite differences", {Status::converged, 16, 12}},
           {"escalate", {Status::converged, 46}},
           {"reversible", {Status::max_iter, 200}},
       }},
      {[](auto type) { return expanding_in_three_directions(type); },
       {
           {"picard", {Status::diverged, 12}},
           {"anderson", {Status::converged, 60}},
           {"anderson type 1", {Status::converged, 60}},
           {"broyden", {Status::converged, 60}},
           {"newton_krylov", {Status::converged, 9, 18}},
           {"newton_krylov by finite differences", {Status::converged, 30, 25}},
           {"escalate", {Status::converged, 75}},
           {"reversible", {Status::diverged, 14}},
       }},
      {[](auto type) { return expanding(0, type); },
       {
           {"picard", {Status::diverged, 8}},
           {"anderson", {Status::converged, 3}},
           {"anderson type 1", {Status::converged, 3}},
           {"broyden", {Status::converged, 3}},
           {"newton_krylov", {Status::converged, 5, 3}},
           {"newton_krylov by finite differences", {Status::converged, 7, 4}},
           {"escalate", {Status::converged, 13}},
           {"reversible", {Status::diverged, 9}},
       }},
      {[](auto type) { return expanding(1e6, type); },
       {
           {"picard", {Status::diverged, 8}},
           {"anderson", {Status::converged, 4}},
           {"anderson type 1", {Status::converged, 4}},
           {"broyden", {Status::converged, 5}},
           {"newton_krylov", {Status::converged, 7, 4}},
           {"newton_krylov by finite differences", {Status::converged, 9, 5}},
           {"escalate", {Status::converged, 14}},
           {"reversible", {Status::diverged, 9}},
       }},
      {[](auto type) {
         return rows_of_gains({.5, .99, .5, .9}, 4, type);
       },
       {
           {"picard", {Status::max_iter, 200}},
           {"anderson", {Status::converged, 6}},
           {"anderson type 1", {Status::converged, 6}},
           {"broyden", {Status::converged, 8}},
           {"newton_krylov", {Status::converged, 7, 6}},
           {"newton_krylov by finite differences", {Status::converged, 13, 9}},
           {"escalate", {Status::converged, 46}},
           {"reversible", {Status::max_iter, 200}},
       }},
  };
  return all;
}

// ||y - y*|| <= ||r|| ||(I - J)^-1||, ||r|| <= rtol ||G(y)||, and a norm is at most sqrt(d) times
// the largest entry.
Tol solution_tolerance(const Problem& problem) {
  const double d = static_cast<double>(problem.y0.size(1));
  const double amplification = 1 / std::abs(1 - problem.gain);
  Tol tolerance = Tol::of(problem.y0.scalar_type()).ops(d).plus(kRtol * std::sqrt(d) * amplification);
  tolerance.epsilon *= std::max(1.0, amplification);
  return tolerance;
}

void expect(const Problem& problem, const Solver& solver, const Expected& expected) {
  const Solution solution = fixed_point(problem.map, problem.y0, solver, {.rtol = kRtol, .max_iter = 200});
  EXPECT_LE(solution.calls, expected.calls) << solution.message;
  EXPECT_LE(solution.product_calls, expected.products) << solution.message;
  const std::int64_t turns = *std::max_element(solution.iterations.begin(), solution.iterations.end());
  EXPECT_LE(turns, solution.calls);
  EXPECT_TRUE(turns == solution.calls || solution.product_calls > 0);
  EXPECT_LE(solution.rows_evaluated, solution.calls * problem.y0.size(0));
  if (expected.status != Status::converged) {
    EXPECT_GT(solution.count(expected.status), 0) << solution.message;
    EXPECT_EQ(solution.count(expected.status) + solution.count(Status::converged), problem.y0.size(0));
    return;
  }
  EXPECT_TRUE(solution.converged()) << solution.message;
  EXPECT_TRUE(close(solution.y.only(), problem.solution, solution_tolerance(problem)));
}

TEST(SolverTimesProblem, ValueStatusAndCalls) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const Case& one : cases()) {
      const Problem problem = one.problem(type);
      SCOPED_TRACE(problem.name + " in " + c10::toString(type));
      for (const auto& [name, solver] : every_solver()) {
        SCOPED_TRACE(name);
        expect(problem, solver, one.by_solver.at(name));
      }
    }
  }
}

TEST(SolverTimesProblem, DampedSolversReachTheSameAnswer) {
  const Problem problem = tanh_cell(5, 16, .8, at::kDouble);
  for (const Solver& solver : {Solver(Picard{.damping = .7}), Solver(Anderson{.damping = .7}),
                               Solver(Anderson{.delay = 4}), Solver(Anderson{.damping = .7, .type = 1}),
                               Solver(Broyden{.damping = .7}), Solver(Reversible{.damping = .95})}) {
    expect(problem, solver, {Status::converged, 90});
  }
}

}  // namespace
}  // namespace fathom::solve
