// What holds for every contraction: checked on random ones.
#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/solve/fixed_point.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

constexpr double kRtol = 1e-8, kGain = .8;

// An elementwise-coupled contraction with an injection, whose rows can be given in any order.
struct RandomCell {
  Tensor weight, injection, y0;
  Solver solver;

  static RandomCell draw() {
    at::manual_seed(*rc::gen::inRange(0, 1 << 30));
    const auto batch = *rc::gen::inRange(2, 9), d = *rc::gen::inRange(1, 20);
    RandomCell cell{symmetric(d, kGain, at::kDouble), at::randn({batch, d}, on(at::kDouble)),
                    at::randn({batch, d}, on(at::kDouble)), Picard{}};
    if (*rc::gen::arbitrary<bool>()) cell.solver = Anderson{.depth = *rc::gen::inRange(1, 8)};
    return cell;
  }
  Map map(const Tensor& of) const {
    return Map([weight = weight, of](const Tensor& y, const Rows& rows) {
      return at::tanh(at::addmm(rows.of(of), y, weight));
    });
  }
  Solution solve(const Tensor& rows) const {
    return fixed_point(map(injection.index_select(0, rows)), y0.index_select(0, rows), solver,
                       {.rtol = kRtol, .max_iter = 500});
  }
  Tensor all() const { return at::arange(injection.size(0)); }
};

// Two answers within the tolerance of the solver differ by no more than this.
Tol both_solved(std::int64_t d) {
  return Tol::of(at::kDouble).plus(2 * kRtol * std::sqrt(static_cast<double>(d)) / (1 - kGain));
}

RC_GTEST_PROP(SolveProperty, TheSolutionIsAFixedPoint, ()) {
  const RandomCell cell = RandomCell::draw();
  const Solution solution = cell.solve(cell.all());
  RC_ASSERT(solution.converged());
  const Tensor g = cell.map(cell.injection)(solution.y).only();
  const Tensor r = (g - solution.y.only()).norm(2, 1);
  RC_ASSERT((r <= 1.0001 * kRtol * g.norm(2, 1)).all().item<bool>());
}

RC_GTEST_PROP(SolveProperty, TheOrderOfTheBatchDoesNotMatter, ()) {
  const RandomCell cell = RandomCell::draw();
  const Tensor order = at::randperm(cell.injection.size(0));
  const Tensor straight = cell.solve(cell.all()).y.only(), shuffled = cell.solve(order).y.only();
  RC_ASSERT(close(shuffled, straight.index_select(0, order), both_solved(straight.size(1))));
}

RC_GTEST_PROP(SolveProperty, SplittingTheBatchDoesNotMatter, ()) {
  const RandomCell cell = RandomCell::draw();
  const std::int64_t cut = *rc::gen::inRange<std::int64_t>(1, cell.injection.size(0));
  const Tensor whole = cell.solve(cell.all()).y.only();
  const Tensor first = cell.solve(cell.all().narrow(0, 0, cut)).y.only();
  const Tensor rest = cell.solve(cell.all().narrow(0, cut, whole.size(0) - cut)).y.only();
  RC_ASSERT(close(at::cat({first, rest}), whole, both_solved(whole.size(1))));
}

RC_GTEST_PROP(SolveProperty, AWarmStartIsOneCall, ()) {
  const RandomCell cell = RandomCell::draw();
  const Solution solution = cell.solve(cell.all());
  const Solution again = fixed_point(cell.map(cell.injection), solution.y, cell.solver, {.rtol = 2 * kRtol});
  RC_ASSERT(again.calls == 1);
}

RC_GTEST_PROP(SolveProperty, TheScaleOfTheStateDoesNotMatter, ()) {
  at::manual_seed(*rc::gen::inRange(0, 1 << 30));
  const Tensor weight = symmetric(6, kGain, at::kDouble), offset = at::randn({3, 6}, on(at::kDouble));
  const double scale = *rc::gen::element(1e-30, 1e-7, 1e7, 1e30);
  const auto calls = [&](const Tensor& c) {
    return fixed_point(affine("", weight, c, kGain).map, at::zeros_like(c), Anderson{}, {.rtol = 1e-8}).require().calls;
  };
  RC_ASSERT(std::abs(calls(offset) - calls(scale * offset)) <= 1);
}

}  // namespace
}  // namespace fathom::solve
