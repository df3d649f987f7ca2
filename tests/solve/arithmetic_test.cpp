// The kernels and the tensor operations are two implementations of the same steps.
#include <vector>

#include <ATen/ATen.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/solve/fixed_point.h"
#include "fathom/solve/iterate.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

Solution solve_with(Arithmetic arithmetic, const Problem& problem, const Solver& solver, const Stop& stop) {
  const auto method = make_method(solver, Layout(problem.y0), arithmetic);
  return iterate(problem.map, problem.y0, *method, stop);
}

// A mixed step divides by differences that shrink as it converges, which amplifies rounding: the
// iterates themselves agree for a few steps, here to 800 units of rounding.
void expect_agreement(const Problem& problem, const Solver& solver, const Stop& stop) {
  const Solution kernels = solve_with(Arithmetic::automatic, problem, solver, stop);
  const Solution tensors = solve_with(Arithmetic::tensors, problem, solver, stop);
  EXPECT_EQ(kernels.status, tensors.status);
  EXPECT_EQ(kernels.iterations, tensors.iterations);
  EXPECT_EQ(kernels.rows_evaluated, tensors.rows_evaluated);
  EXPECT_TRUE(close(kernels.y.only(), tensors.y.only(), Tol::of(problem.y0.scalar_type()).ops(1e4)));
}

TEST(Arithmetic, KernelsAndTensorsAgree) {
  const std::vector<Solver> solvers{Picard{},
                                    Picard{.damping = .6},
                                    Anderson{},
                                    Anderson{.depth = 2, .damping = .7},
                                    Anderson{.depth = 3, .delay = 2},
                                    Escalate{}};
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const std::vector<Problem> problems{rotation(type), cosine(type), tanh_cell(5, 33, .8, type), expanding(2, type),
                                        rows_of_gains({.5, .9, .1, .1, .1}, 5, type)};
    for (const Problem& problem : problems) {
      for (std::size_t s = 0; s < solvers.size(); ++s) {
        SCOPED_TRACE(fmt::format("{} in {} by solver {}", problem.name, c10::toString(type), s));
        expect_agreement(problem, solvers[s], {.rtol = 1e-3, .max_iter = 5});
      }
    }
  }
}

TEST(Arithmetic, BothRollBackToThePlainStepFromTheBest) {
  // A kink: mixing across it overshoots.
  const Map kink(
      [](const Tensor& y, const Rows&) { return at::where(y < 1, .5 * y + .8, 20 * (y - 1) + 1.3).neg() * .3 + .2; });
  const Tensor y0 = at::tensor(std::vector<double>{-4, 0, 3}, on(at::kDouble)).view({3, 1});
  const Problem problem{"kink", kink, y0, {}, 0};
  expect_agreement(problem, Anderson{.safeguard = 1.5}, {.rtol = 1e-8, .max_iter = 40});
}

TEST(Arithmetic, SixteenBitStatesConverge) {
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    const Map map([](const Tensor& y, const Rows&) { return (.5 * y.to(at::kFloat) + 1).to(y.scalar_type()); });
    const Tensor y0 = at::zeros({3, 4}, on(type));
    for (const Solver& solver : {Solver(Picard{}), Solver(Anderson{})}) {
      const Solution solution = fixed_point(map, y0, solver, {.rtol = .02}).require();
      EXPECT_EQ(solution.y.only().scalar_type(), type);
      EXPECT_TRUE(close(solution.y.only(), at::full_like(y0, 2), Tol::of(type).plus(.02 / (1 - .5))));
    }
  }
}

}  // namespace
}  // namespace fathom::solve
