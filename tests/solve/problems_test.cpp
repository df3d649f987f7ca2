// Every solver on every problem in both dtypes: value, status and the number of calls.
#include "tests/support/problems.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fathom/solve/fixed_point.h"
#include "tests/support/close.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

constexpr double kRtol = 1e-5;

struct Expected {
  Status status = Status::converged;
  std::int64_t calls = 0;  // at most
};

struct Case {
  std::function<Problem(at::ScalarType)> problem;
  Expected picard, anderson;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {[](auto type) { return affine_of_radius(.5, 3, 7, type); }, {Status::converged, 20}, {Status::converged, 12}},
      {[](auto type) { return affine_of_radius(.9, 3, 7, type); }, {Status::converged, 115}, {Status::converged, 20}},
      {[](auto type) { return rotation(type); }, {Status::converged, 120}, {Status::converged, 6}},
      {[](auto type) { return cosine(type); }, {Status::converged, 31}, {Status::converged, 8}},
      {[](auto type) { return tanh_cell(5, 16, .8, type); }, {Status::converged, 60}, {Status::converged, 20}},
      {[](auto type) { return nearly_singular(type); }, {Status::max_iter, 200}, {Status::converged, 9}},
      {[](auto type) { return expanding(0, type); }, {Status::diverged, 8}, {Status::converged, 3}},
      {[](auto type) { return expanding(1e6, type); }, {Status::diverged, 8}, {Status::converged, 4}},
      {[](auto type) {
         return rows_of_gains({.5, .99, .5, .9}, 4, type);
       },
       {Status::max_iter, 200},
       {Status::converged, 6}},
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
  EXPECT_EQ(*std::max_element(solution.iterations.begin(), solution.iterations.end()), solution.calls);
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
      {
        SCOPED_TRACE("picard");
        expect(problem, Picard{}, one.picard);
      }
      {
        SCOPED_TRACE("anderson");
        expect(problem, Anderson{}, one.anderson);
      }
    }
  }
}

TEST(SolverTimesProblem, DampedSolversReachTheSameAnswer) {
  const Problem problem = tanh_cell(5, 16, .8, at::kDouble);
  for (const Solver& solver :
       {Solver(Picard{.damping = .7}), Solver(Anderson{.damping = .7}), Solver(Anderson{.delay = 4})}) {
    expect(problem, solver, {Status::converged, 90});
  }
}

}  // namespace
}  // namespace fathom::solve
