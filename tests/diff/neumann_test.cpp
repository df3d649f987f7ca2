// The truncated series and the gradient that chooses where to truncate it.
#include <gtest/gtest.h>

#include <gmock/gmock.h>

#include "fathom/base/error.h"
#include "fathom/diff/equilibrium.h"
#include "tests/diff/cell.h"
#include "tests/support/close.h"
#include "tests/support/gradcheck.h"

namespace fathom::diff {
namespace {

using namespace testing_support;
using solve::Status;
using testing::HasSubstr;
using testing::StartsWith;

constexpr solve::Stop kTight{.rtol = 1e-13, .max_iter = 400};
const Implicit kExact{.rtol = 1e-13, .max_iter = 400};

Scalar cell_loss(const Gradient& gradient, solve::Stop stop = kTight) {
  return [=](const Inputs& inputs) {
    const Cell cell = Cell::of(inputs);
    return loss_of(equilibrium(cell.map(), cell.start(), solve::Anderson{}, gradient, stop).y.only());
  };
}

// y = a y + c: u_k = (1 + a + ... + a^(k-1)) v, and its residual is a^k v.
struct Affine {
  Tensor c;
  double a;
  Affine(double factor, at::ScalarType type) : c(at::ones({2, 3}, type).requires_grad_(true)), a(factor) {}

  Equilibrium solve(const Gradient& gradient) const {
    const Map map([a = a, c = c](const Tensor& y, const Rows& rows) { return a * y + rows.of(c); });
    // The fixed point itself is the start: only the adjoint is at work.
    return equilibrium(map, c.detach() / (1 - a), solve::Picard{}, gradient);
  }
};

TEST(Neumann, IsTheGeometricSumAndReportsItsRemainder) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Affine problem(-0.5, type);
    for (const std::int64_t terms : {1, 2, 5, 20}) {
      const Equilibrium e = problem.solve(Neumann{terms});
      const Tensor g = torch::autograd::grad({3 * e.y.only().sum()}, {problem.c})[0];
      const double sum = (1 - std::pow(-0.5, terms)) / 1.5, eps = Tol::of(type).epsilon;
      EXPECT_TRUE(close(g, at::full({2, 3}, 3 * sum, at::kDouble), Tol::of(type).ops(static_cast<double>(terms))));
      ASSERT_EQ(e.adjoint->relative_residual.size(), 2u);
      EXPECT_NEAR(e.adjoint->relative_residual[1], std::pow(0.5, terms), 8 * eps);
      EXPECT_EQ(e.adjoint->calls, terms);
      EXPECT_EQ(e.adjoint->iterations, (std::vector<std::int64_t>{terms, terms}));
      EXPECT_EQ(e.adjoint->status[0], Status::max_iter);
      EXPECT_FALSE(e.adjoint->converged());
      EXPECT_THAT(e.adjoint->message, HasSubstr(fmt::format("neumann, {} terms", terms)));
    }
  }
}

TEST(Neumann, OneTermIsJacobianFreeAndManyAreImplicit) {
  const Inputs inputs = leaves(Cell::random(4, 6, 0.7).inputs());
  const Inputs one = gradient(cell_loss(Neumann{1}), inputs), free = gradient(cell_loss(JacobianFree{}), inputs);
  const Inputs many = gradient(cell_loss(Neumann{90}), inputs), exact = gradient(cell_loss(kExact), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_TRUE(close(one[i], free[i], Tol{}.plus(1e-11)));    // of points that differ by the solve's 1e-13 / .3
    EXPECT_TRUE(close(many[i], exact[i], Tol{}.plus(1e-11)));  // .7^90 = 1e-14
  }
}

// ||u - u_k|| <= L^k / (1 - L) ||v||, with b' s gradient a sum of rows of u D, D <= 1.
TEST(Neumann, ErrorFallsAtTheRateOfTheContraction) {
  const double gain = 0.8;
  const Inputs inputs = leaves(Cell::random(4, 12, gain).inputs());
  const Tensor y =
      equilibrium(Cell::of(inputs).map(), Cell::of(inputs).start(), solve::Anderson{}, kExact, kTight).y.only();
  const Tensor v = torch::autograd::grad({loss_of(y)}, {y})[0];
  const double size = at::linalg_vector_norm(v, 2, {1}).sum().item<double>();
  const Tensor exact = gradient(cell_loss(kExact), inputs)[2];
  double last = size;
  for (const std::int64_t terms : {1, 4, 16, 64}) {
    const double error = at::linalg_vector_norm(gradient(cell_loss(Neumann{terms}), inputs)[2] - exact).item<double>();
    EXPECT_LE(error, std::pow(gain, terms) / (1 - gain) * size);
    EXPECT_LT(error, last / 2);
    last = error;
  }
}

TEST(Neumann, SecondDerivativesTendToTheExactOnes) {
  const Inputs inputs = leaves(Cell::random(3, 5, 0.5).inputs());
  const auto second = [&](const Gradient& g) { return gradient(directional(cell_loss(g), inputs), inputs); };
  const Inputs exact = second(Unrolled{.steps = 120});
  double last = 1e300;
  for (const std::int64_t terms : {2, 8, 60}) {
    const Inputs actual = second(Neumann{terms});
    const double error = (actual[0] - exact[0]).abs().max().item<double>();
    EXPECT_LT(error, last / 4) << terms;
    last = error;
  }
  EXPECT_LT(last, 1e-10 * exact[0].abs().max().item<double>());
  EXPECT_LT(second_derivative_error(cell_loss(Neumann{80}), Cell::random(2, 3, 0.5).inputs()), 1e-7);
}

TEST(Neumann, WarnsOfASeriesThatGrows) {
  const Affine problem(1.5, at::kDouble);
  const Equilibrium e = problem.solve(Neumann{4});
  testing::internal::CaptureStderr();
  e.y.only().sum().backward();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("the series grows"));
  EXPECT_EQ(e.adjoint->status[0], Status::diverged);
  EXPECT_NEAR(e.adjoint->worst_relative_residual, std::pow(1.5, 4), 1e-12);
}

// The residual a^k falls below rtol at a known k; the method follows from it.
TEST(Adaptive, TakesTheFewestTermsThatMeetTheTolerance) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const std::vector<std::tuple<double, double, std::int64_t, std::string>> table{
        {0.005, 1e-2, 1, "jacobian_free"},
        {0.0, 1e-2, 1, "jacobian_free"},
        {0.1, 1.1e-3, 3, "neumann, 3 terms"},
        {0.5, 1e-3, 10, "neumann, 10 terms"}};
    for (const auto& [a, rtol, calls, method] : table) {
      const Affine problem(a, type);
      const Equilibrium e = problem.solve(Adaptive{.rtol = rtol});
      const Tensor g = torch::autograd::grad({e.y.only().sum()}, {problem.c})[0];
      EXPECT_EQ(e.adjoint->method, method);
      EXPECT_EQ(e.adjoint->calls, calls);
      EXPECT_TRUE(e.adjoint->converged());
      EXPECT_LE(e.adjoint->worst_relative_residual, rtol);
      EXPECT_TRUE(close(g, at::full({2, 3}, 1 / (1 - a), at::kDouble), Tol::of(type).ops(10).plus(rtol / (1 - a))));
    }
  }
}

TEST(Adaptive, HandsOverToASolverWhereTheSeriesIsTooSlowOrGrows) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const double rtol = type == at::kFloat ? 1e-5 : 1e-10;
    for (const double a : {0.99, 1.5, -3.0}) {
      for (const char* adjoint : {"anderson", "gmres"}) {
        const Affine problem(a, type);
        const Equilibrium e = problem.solve(Adaptive{.rtol = rtol, .adjoint = adjoint});
        const Tensor g = torch::autograd::grad({e.y.only().sum()}, {problem.c})[0];
        EXPECT_EQ(e.adjoint->method, fmt::format("{} after 1 terms of neumann", adjoint));
        EXPECT_LE(e.adjoint->calls, 6);  // a multiple of the identity: one Krylov step, and the checks
        EXPECT_TRUE(e.adjoint->converged());
        const double off = rtol / std::abs(1 - a) * std::abs(1 - a) + 1e-12;
        EXPECT_TRUE(close(g, at::full({2, 3}, 1 / (1 - a), at::kDouble),
                          Tol::of(type).ops(1e4).plus(100 * off)));  // relative to |u| = 1 / |1 - a|, |1 - a| >= .01
      }
    }
  }
}

TEST(Adaptive, MeetsWhateverIsAskedAndNeverUsesMoreThanItNeeds) {
  const Inputs inputs = leaves(Cell::random(4, 16, 0.9).inputs());
  const Inputs exact = gradient(cell_loss(kExact), inputs);
  std::int64_t calls = 0;
  for (const double rtol : {0.5, 1e-1, 1e-2, 1e-4, 1e-8}) {
    const Cell cell = Cell::of(inputs);
    const Equilibrium e = equilibrium(cell.map(), cell.start(), solve::Anderson{}, Adaptive{.rtol = rtol}, kTight);
    const Inputs actual = torch::autograd::grad({loss_of(e.y.only())}, inputs);
    EXPECT_TRUE(e.adjoint->converged());
    EXPECT_LE(e.adjoint->worst_relative_residual, rtol);
    EXPECT_GE(e.adjoint->calls, calls);
    calls = e.adjoint->calls;
    // ||du|| <= rtol / (1 - L) ||v||, and ||v|| <= (1 + L) ||u||.
    EXPECT_TRUE(close(actual[2], exact[2], Tol{}.plus(4 * 1.9 * rtol / 0.1)));
  }
  EXPECT_GT(calls, 10);
}

TEST(Adaptive, SecondDerivativesAreAsGoodAsTheTolerance) {
  EXPECT_LT(
      second_derivative_error(cell_loss(Adaptive{.rtol = 1e-12, .max_iter = 300}), Cell::random(2, 3, 0.6).inputs()),
      1e-7);
}

}  // namespace
}  // namespace fathom::diff
