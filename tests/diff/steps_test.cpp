#include "fathom/diff/steps.h"

#include <gtest/gtest.h>

#include "fathom/diff/equilibrium.h"
#include "tests/diff/cell.h"
#include "tests/support/close.h"
#include "tests/support/gradcheck.h"

namespace fathom::diff {
namespace {

using namespace testing_support;
using solve::Status;

// y = a y + c: J = a, so every gradient is a sum of powers of a.
struct Affine {
  Tensor c = at::ones({2, 3}, at::kDouble).requires_grad_(true);
  double a = 0.5;

  double gradient(const Gradient& method) const {
    const Map map([a = a, c = c](const Tensor& y, const Rows& rows) { return a * y + rows.of(c); });
    const Tensor y =
        equilibrium(map, at::zeros({2, 3}, at::kDouble), solve::Picard{}, method, {.rtol = 1e-15}).y.only();
    return torch::autograd::grad({y.sum()}, {c})[0][0][0].item<double>();
  }
};

TEST(Steps, GiveTheSumsOfTheirFormulas) {
  const Affine problem;
  const double a = problem.a;
  EXPECT_NEAR(problem.gradient(Implicit{.rtol = 1e-14}), 1 / (1 - a), 1e-13);
  EXPECT_NEAR(problem.gradient(JacobianFree{}), 1, 1e-15);
  const double tau = 0.4, m = 1 - tau + tau * a;  // phantom: tau (1 + m + m^2)
  EXPECT_NEAR(problem.gradient(Phantom{.steps = 3, .damping = tau}), tau * (1 + m + m * m), 1e-15);
  EXPECT_NEAR(problem.gradient(Unrolled{.steps = 4}), 1 + a + a * a + a * a * a, 1e-15);
  EXPECT_NEAR(problem.gradient(Truncated{.steps = 7, .last = 2}), 1 + a, 1e-15);
}

TEST(Steps, PhantomTendsToTheImplicitGradient) {
  const Affine problem;
  double last = 1;
  for (const std::int64_t steps : {1, 2, 4, 8, 16, 32}) {
    const double error = std::abs(problem.gradient(Phantom{.steps = steps}) - 2) / 2;
    EXPECT_NEAR(error, std::pow(0.75, steps), 1e-12);  // (1 - tau (1 - a))^k
    EXPECT_LT(error, last);
    last = error;
  }
}

TEST(Steps, UnrolledReachesTheStartAndTruncatedDoesNot) {
  const Tensor y0 = at::ones({1, 1}, at::kDouble).requires_grad_(true);
  const Map map([](const Tensor& y) { return 0.5 * y; });
  equilibrium(map, y0, solve::Picard{}, Unrolled{.steps = 3}).y.only().sum().backward();
  EXPECT_DOUBLE_EQ(y0.grad().item<double>(), 0.125);
  EXPECT_FALSE(equilibrium(map, y0, solve::Picard{}, Truncated{.steps = 3, .last = 2}).y.only().requires_grad());
}

TEST(Steps, GiveAnAccountOfThemselves) {
  const Map map([](const State& s, const Rows&) -> State { return State({0.5 * s[0], 0.1 * s[1]}); });
  const State y0({at::ones({2, 4}, at::kDouble), at::ones({2, 9}, at::kDouble)});
  const auto run = run_steps(map, y0, 3, 3, {.rtol = 1e-6});
  EXPECT_EQ(run.solution.calls, 3);
  EXPECT_EQ(run.solution.rows_evaluated, 6);
  EXPECT_EQ(run.solution.iterations, (std::vector<std::int64_t>{3, 3}));
  EXPECT_EQ(run.solution.count(Status::max_iter), 2);
  // y2 = (1/4, 1/100), y3 = (1/8, 1/1000): ||r||^2 = 4/64 + 9 * 0.009^2
  EXPECT_NEAR(run.solution.residual[0], std::sqrt(4.0 / 64 + 9 * 0.009 * 0.009), 1e-15);
  EXPECT_EQ(run_steps(map, y0, 60, 0, {.rtol = 0, .atol = 1e-6}).solution.count(Status::converged), 2);
}

TEST(Steps, NoStepsReturnTheStart) {
  const auto run = run_steps([](const Tensor& y) { return y + 1; }, at::ones({2, 2}), 0, 0, {});
  EXPECT_TRUE(at::equal(run.y.only(), at::ones({2, 2})));
  EXPECT_EQ(run.solution.calls, 0);
  EXPECT_TRUE(std::isnan(run.solution.residual[0]));
}

TEST(Steps, ARowThatIsNotFiniteIsFlagged) {
  const Tensor gain = tensor::from_doubles({0.5, 1e300}, {2, 1}, at::kDouble);
  const auto run = run_steps([&](const Tensor& y) { return gain * y; }, at::ones({2, 2}, at::kDouble), 4, 0, {});
  EXPECT_EQ(run.solution.status, (std::vector<Status>{Status::max_iter, Status::nonfinite}));
}

}  // namespace
}  // namespace fathom::diff
