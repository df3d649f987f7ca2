#include <gtest/gtest.h>

#include "fathom/diff/equilibrium.h"
#include "tests/diff/cell.h"
#include "tests/support/close.h"
#include "tests/support/gradcheck.h"

namespace fathom::diff {
namespace {

using namespace testing_support;

constexpr solve::Stop kTight{.rtol = 1e-13, .max_iter = 400};
const Implicit kExact{.rtol = 1e-13, .max_iter = 400};

Scalar implicit_loss(const Gradient& gradient = kExact, const solve::Solver& solver = solve::Anderson{}) {
  return [=](const Inputs& inputs) {
    const Cell cell = Cell::of(inputs);
    return loss_of(equilibrium(cell.map(), cell.start(), solver, gradient, kTight).y.only());
  };
}

Scalar unrolled_loss() { return implicit_loss(Unrolled{.steps = 200}); }

TEST(Implicit, EqualsUnrollingToConvergence) {
  const Inputs inputs = leaves(Cell::random(4, 6, 0.8).inputs());
  const Inputs expected = gradient(unrolled_loss(), inputs);
  for (const char* adjoint : {"picard", "anderson", "gmres"}) {
    SCOPED_TRACE(adjoint);
    Implicit options = kExact;
    options.adjoint = adjoint;
    const Inputs actual = gradient(implicit_loss(options), inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-9)));
  }
}

TEST(Implicit, AgreesWithFiniteDifferences) {
  EXPECT_LT(gradient_error(implicit_loss(), Cell::random(2, 3, 0.7).inputs()), 1e-8);
}

TEST(Implicit, SecondDerivativesEqualThoseOfUnrolling) {
  const Inputs inputs = leaves(Cell::random(3, 5, 0.7).inputs());
  const Inputs expected = gradient(directional(unrolled_loss(), inputs), inputs);
  for (const char* adjoint : {"picard", "anderson", "gmres"}) {
    SCOPED_TRACE(adjoint);
    Implicit options = kExact;
    options.adjoint = adjoint;
    const Inputs actual = gradient(directional(implicit_loss(options), inputs), inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-9)));
  }
}

TEST(Implicit, SecondDerivativesAgreeWithFiniteDifferences) {
  EXPECT_LT(second_derivative_error(implicit_loss(), Cell::random(2, 3, 0.7).inputs()), 1e-7);
}

TEST(Implicit, ThirdDerivativesEqualThoseOfUnrolling) {
  const Inputs inputs = leaves(Cell::random(2, 3, 0.6).inputs());
  const auto third = [&](const Scalar& f) { return gradient(directional(directional(f, inputs), inputs), inputs); };
  const Inputs actual = third(implicit_loss()), expected = third(unrolled_loss());
  for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-8)));
}

}  // namespace
}  // namespace fathom::diff
