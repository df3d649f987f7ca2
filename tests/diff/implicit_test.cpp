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

// The gradient flows to what G captured, whatever way it captured it. G uses a leaf, something made from that leaf,
// and a weight that the loss also uses by itself.
struct Entangled {
  Tensor W, x;

  Tensor loss(const Gradient& gradient) const {
    const Tensor made = at::tanh(x), shrunk = W / (1 + at::linalg_vector_norm(W));
    const Map map([&](const Tensor& y, const Rows& rows) {
      return at::tanh(at::linear(y, shrunk) + rows.of(x) * rows.of(made) + 0.1 * at::linear(rows.of(x), W));
    });
    const Tensor y = equilibrium(map, at::zeros_like(x).detach(), solve::Anderson{}, gradient, kTight).y.only();
    return loss_of(y) + (W * W).sum() + (made * y).sum();
  }
};

TEST(Implicit, FollowsCapturesMadeFromOtherCapturesOnce) {
  const Inputs inputs = leaves({Cell::random(1, 4, 0.9).W, at::cos(at::arange(12, at::kDouble)).view({3, 4})});
  const auto loss = [](const Gradient& gradient) {
    return [=](const Inputs& in) { return Entangled{in[0], in[1]}.loss(gradient); };
  };
  const Inputs expected = gradient(loss(Unrolled{.steps = 100}), inputs);
  const Inputs actual = gradient(loss(kExact), inputs);
  const Inputs second = gradient(directional(loss(kExact), inputs), inputs);
  const Inputs second_expected = gradient(directional(loss(Unrolled{.steps = 100}), inputs), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-10)));
    EXPECT_TRUE(close(second[i], second_expected[i], Tol{}.plus(1e-9)));
  }
}

TEST(Implicit, GivesTheGradientOfATensorInsideTheGraph) {
  Cell cell = Cell::random(3, 4, 0.5);
  cell.require_grad();
  const Tensor leaf = cell.x;
  cell.x = at::tanh(leaf);
  const Tensor implicit = loss_of(equilibrium(cell.map(), cell.start(), solve::Anderson{}, kExact, kTight).y.only());
  const Tensor unrolled =
      loss_of(equilibrium(cell.map(), cell.start(), solve::Anderson{}, Unrolled{100}, kTight).y.only());
  const Inputs actual = torch::autograd::grad({implicit}, {cell.x, leaf}, {}, true),
               expected = torch::autograd::grad({unrolled}, {cell.x, leaf});
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-10)));
}

TEST(Implicit, RunsAHookOfACaptureOnce) {
  Cell cell = Cell::random(2, 3, 0.5);
  cell.require_grad();
  int calls = 0;
  cell.b.register_hook([&](const Tensor& gradient) {
    ++calls;
    return 2 * gradient;
  });
  const auto gradient_of_b = [&](const Gradient& gradient) {
    cell.b.mutable_grad() = Tensor();
    loss_of(equilibrium(cell.map(), cell.start(), solve::Anderson{}, gradient, kTight).y.only()).backward();
    return cell.b.grad().clone();
  };
  const Tensor actual = gradient_of_b(kExact);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(close(actual, gradient_of_b(Unrolled{100}), Tol{}.plus(1e-10)));
}

TEST(Implicit, NestsInsideAMap) {
  Cell inner = Cell::random(3, 4, 0.4);
  const auto loss = [&](const Gradient& gradient) {
    return [=](const Inputs& in) {
      const Cell cell{in[0], in[1], in[2], in[3]};
      const Map outer([&](const Tensor& y, const Rows& rows) {
        const Map map([&](const Tensor& z) { return at::tanh(at::linear(z, cell.W) + y); });
        const Tensor z = equilibrium(map, at::zeros_like(y).detach(), solve::Anderson{}, gradient, kTight).y.only();
        return 0.5 * at::tanh(z + at::linear(rows.of(cell.x), cell.U, cell.b));
      });
      return loss_of(equilibrium(outer, cell.start(), solve::Anderson{}, gradient, kTight).y.only());
    };
  };
  const Inputs inputs = leaves(inner.inputs());
  const Inputs actual = gradient(loss(kExact), inputs), expected = gradient(loss(Unrolled{60}), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-9)));
  EXPECT_LT(second_derivative_error(loss(kExact), Cell::random(1, 2, 0.4).inputs()), 1e-6);
}

TEST(Implicit, ChainsOneEquilibriumAfterAnother) {
  const auto loss = [](const Gradient& gradient) {
    return [=](const Inputs& in) {
      Cell cell = Cell::of(in);
      const Tensor first = equilibrium(cell.map(), cell.start(), solve::Anderson{}, gradient, kTight).y.only();
      const Map map([&](const Tensor& y) { return at::sin(0.5 * y + first + cell.b); });
      return loss_of(equilibrium(map, cell.start(), solve::Anderson{}, gradient, kTight).y.only());
    };
  };
  const Inputs inputs = leaves(Cell::random(2, 3, 0.6).inputs());
  const Inputs actual = gradient(directional(loss(kExact), inputs), inputs);
  const Inputs expected = gradient(directional(loss(Unrolled{100}), inputs), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-9)));
}

// Two tensors of different shape that feed each other.
struct Pair {
  Tensor W;  // (4, 6)
  Tensor x;  // (B, 2, 3)

  Map map() const {
    return Map([p = *this](const State& s, const Rows& rows) -> State {
      const Tensor y = s[0], z = s[1];  // (b, 2, 3), (b, 4)
      const Tensor back = at::linear(z, p.W.t()).view_as(y);
      return State({at::tanh(0.5 * back + rows.of(p.x)), at::tanh(0.5 * at::linear(y.flatten(1), p.W))});
    });
  }
  State start() const {
    return State({at::zeros_like(x).detach(), at::zeros({x.size(0), 4}, x.options().requires_grad(false))});
  }
};

TEST(Implicit, WorksOnStatesOfSeveralTensors) {
  const auto loss = [](const Gradient& gradient) {
    return [=](const Inputs& in) {
      const Pair pair{in[0], in[1]};
      const State y = equilibrium(pair.map(), pair.start(), solve::Anderson{}, gradient, kTight).y;
      return loss_of(y[0]) + 2 * loss_of(y[1]);
    };
  };
  const Tensor W = at::sin(at::arange(24, at::kDouble)).view({4, 6}) / 3,
               x = at::cos(at::arange(18, at::kDouble)).view({3, 2, 3});
  const Inputs inputs = leaves({W, x});
  const Inputs actual = gradient(loss(kExact), inputs), expected = gradient(loss(Unrolled{200}), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-10)));
  EXPECT_LT(second_derivative_error(loss(kExact), {W, x}), 1e-7);
}

TEST(Implicit, ReportsTheAdjoint) {
  Cell cell = Cell::random(5, 4, 0.8);
  cell.require_grad();
  const Equilibrium e = equilibrium(cell.map(), cell.start(), solve::Anderson{}, Implicit{.rtol = 1e-9}, kTight);
  ASSERT_TRUE(e.adjoint);
  EXPECT_FALSE(e.adjoint->converged());
  EXPECT_EQ(e.adjoint->calls, -1);
  EXPECT_EQ(e.adjoint->message, "the backward pass has not run.");
  loss_of(e.y.only()).backward();
  EXPECT_TRUE(e.adjoint->converged());
  EXPECT_EQ(e.adjoint->status.size(), 5u);
  EXPECT_GT(e.adjoint->calls, 3);
  for (std::size_t row = 0; row < 5; ++row) {
    EXPECT_LE(e.adjoint->relative_residual[row], 1e-9);
    EXPECT_LE(e.adjoint->iterations[row], e.adjoint->calls);
  }
  EXPECT_LE(e.adjoint->worst_relative_residual, 1e-9);
}

TEST(Implicit, ErrorStaysWithinTheBoundThatItsReportGives) {
  const double gain = 0.9;
  const Inputs inputs = leaves(Cell::random(4, 16, gain).inputs());
  const Inputs exact = gradient(unrolled_loss(), inputs);
  for (const double rtol : {1e-2, 1e-4, 1e-6}) {
    const Inputs rough = gradient(implicit_loss(Implicit{.rtol = rtol}), inputs);
    // ||du|| <= rtol ||v|| / (1 - L); here db = sum of u D with D = diag(tanh') <= 1, and ||v|| over 4 rows.
    const Tensor y =
        equilibrium(Cell::of(inputs).map(), Cell::of(inputs).start(), solve::Anderson{}, kExact, kTight).y.only();
    const Tensor v = torch::autograd::grad({loss_of(y)}, {y})[0];
    const double bound = rtol / (1 - gain) * at::linalg_vector_norm(v, 2, {1}).sum().item<double>();
    EXPECT_LE(at::linalg_vector_norm(rough[2] - exact[2]).item<double>(), bound);
  }
}

TEST(Implicit, BackwardCanRunAgainWhileTheGraphIsKept) {
  Cell cell = Cell::random(2, 3, 0.5);
  cell.require_grad();
  const Tensor loss = loss_of(equilibrium(cell.map(), cell.start()).y.only());
  const Tensor first = torch::autograd::grad({loss}, {cell.W}, {}, /*retain_graph=*/true)[0];
  const Tensor second = torch::autograd::grad({loss}, {cell.W}, {}, /*retain_graph=*/false)[0];
  EXPECT_TRUE(at::equal(first, second));
  EXPECT_ANY_THROW(torch::autograd::grad({loss}, {cell.W}));
}

}  // namespace
}  // namespace fathom::diff
