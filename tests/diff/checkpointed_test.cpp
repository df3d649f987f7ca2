#include "fathom/diff/checkpointed.h"

#include <gtest/gtest.h>

#include <limits>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/diff/equilibrium.h"
#include "tests/diff/cell.h"
#include "tests/support/close.h"
#include "tests/support/gradcheck.h"

namespace fathom::diff {
namespace {

using namespace testing_support;
using testing::HasSubstr;

Tensor solved(const Map& map, const State& y0, const Gradient& gradient) {
  return equilibrium(map, y0, solve::Picard{}, gradient).y.only();
}

Scalar cell_loss(const Gradient& gradient) {
  return [=](const Inputs& inputs) {
    const Cell cell = Cell::of(inputs);
    return loss_of(solved(cell.map(), cell.start(), gradient));
  };
}

TEST(Checkpointed, EqualsUnrollingToRounding) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Inputs inputs = leaves(Cell::random(5, 8, 0.9, type).inputs());
    for (const std::int64_t steps : {1, 2, 3, 7, 16, 17}) {
      const Inputs expected = gradient(cell_loss(Unrolled{steps}), inputs);
      for (const std::int64_t kept : {0, 1, 2, 5, 100}) {
        const Inputs actual = gradient(cell_loss(Checkpointed{steps, kept}), inputs);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          EXPECT_TRUE(close(actual[i], expected[i], Tol::of(type).ops(5 * 8 * 17))) << steps << " " << kept;
        }
      }
    }
  }
}

TEST(Checkpointed, GivesTheSameAccountAsUnrolling) {
  Cell cell = Cell::random(3, 4, 0.5);
  cell.require_grad();
  const auto run = [&](const Gradient& gradient) {
    return equilibrium(cell.map(), cell.start(), solve::Picard{}, gradient, {.rtol = 1e-3});
  };
  const Equilibrium a = run(Checkpointed{12}), b = run(Unrolled{12});
  EXPECT_TRUE(at::equal(a.y.only(), b.y.only()));
  EXPECT_EQ(a.solution.status, b.solution.status);
  EXPECT_EQ(a.solution.residual, b.solution.residual);
  EXPECT_EQ(a.solution.calls, 12);
  EXPECT_EQ(a.solution.rows_evaluated, 36);
  EXPECT_EQ(a.solution.count(solve::Status::converged), 3);
  EXPECT_TRUE(a.y.only().requires_grad());
}

TEST(Checkpointed, ReachesTheStart) {
  const Tensor leaf = at::ones({1, 2}, at::kDouble).requires_grad_(true);
  const Map map([](const Tensor& y) { return 0.5 * y; });
  solved(map, 3 * leaf, Checkpointed{.steps = 3}).sum().backward();
  EXPECT_TRUE(at::equal(leaf.grad(), at::full({1, 2}, 0.375, at::kDouble)));
}

TEST(Checkpointed, NoStepsAreTheStart) {
  const Tensor y0 = at::ones({2, 2}).requires_grad_(true);
  const Map map([](const Tensor& y) { return 0.5 * y; });
  for (const Gradient& gradient : {Gradient(Checkpointed{.steps = 0}), Gradient(Reversible{.steps = 0})}) {
    const Tensor y = solved(map, y0, gradient);
    EXPECT_TRUE(at::equal(y, y0));
    EXPECT_TRUE(at::equal(torch::autograd::grad({y.sum()}, {y0})[0], at::ones({2, 2})));
  }
}

TEST(Checkpointed, SecondDerivativesAreThoseOfUnrolling) {
  const Inputs inputs = leaves(Cell::random(3, 4, 0.8).inputs());
  const Inputs actual = gradient(directional(cell_loss(Checkpointed{9}), inputs), inputs),
               expected = gradient(directional(cell_loss(Unrolled{9}), inputs), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_TRUE(close(actual[i], expected[i], Tol::of(at::kDouble).ops(1e4)));
  }
  EXPECT_LT(second_derivative_error(cell_loss(Checkpointed{6}), Cell::random(2, 3, 0.8).inputs()), 1e-7);
}

TEST(Checkpointed, SecondDerivativesReachTheStartToo) {
  const auto loss = [](const Gradient& gradient) {
    return [=](const Inputs& in) {
      const Map map([w = in[1]](const Tensor& y) { return at::sin(w * y); });
      return loss_of(solved(map, at::tanh(in[0]), gradient));
    };
  };
  const Inputs inputs{at::full({2, 2}, 0.7, at::kDouble), at::full({2}, 0.9, at::kDouble)};
  EXPECT_LT(gradient_error(loss(Checkpointed{5}), inputs), 1e-8);
  EXPECT_LT(second_derivative_error(loss(Checkpointed{5}), inputs), 1e-7);
}

// A leaf, something made from it, and a weight that the loss also uses by itself.
Tensor entangled(const Inputs& in, const Gradient& gradient) {
  const Tensor W = in[0], x = in[1], made = at::tanh(x), shrunk = W / (1 + at::linalg_vector_norm(W));
  const Map map([=](const Tensor& y, const Rows& rows) {
    return at::tanh(at::linear(y, shrunk) + rows.of(x) * rows.of(made) + 0.1 * at::linear(rows.of(x), W));
  });
  const Tensor y = solved(map, at::zeros_like(x).detach(), gradient);
  return loss_of(y) + (W * W).sum() + (made * y).sum();
}

TEST(Checkpointed, FollowsCapturesMadeFromOtherCapturesOnce) {
  const Inputs inputs = leaves({Cell::random(1, 4, 0.9).W, at::cos(at::arange(12, at::kDouble)).view({3, 4})});
  const auto loss = [](const Gradient& g) { return [g](const Inputs& in) { return entangled(in, g); }; };
  const Inputs actual = gradient(loss(Checkpointed{11}), inputs), expected = gradient(loss(Unrolled{11}), inputs);
  const Inputs second = gradient(directional(loss(Checkpointed{11}), inputs), inputs),
               second_expected = gradient(directional(loss(Unrolled{11}), inputs), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_TRUE(close(actual[i], expected[i], Tol::of(at::kDouble).ops(1e3)));
    EXPECT_TRUE(close(second[i], second_expected[i], Tol::of(at::kDouble).ops(1e4)));
  }
}

TEST(Checkpointed, RunsAHookOfACaptureOnce) {
  Cell cell = Cell::random(2, 3, 0.5);
  cell.require_grad();
  int calls = 0;
  cell.b.register_hook([&](const Tensor& g) {
    ++calls;
    return 2 * g;
  });
  loss_of(solved(cell.map(), cell.start(), Checkpointed{6})).backward();
  EXPECT_EQ(calls, 1);
}

TEST(Checkpointed, WorksOnStatesOfSeveralTensorsAndMapsThatHandOutACapture) {
  const auto loss = [](const Gradient& gradient) {
    return [=](const Inputs& in) {
      const Map map([in](const State& s, const Rows& rows) -> State {
        return State({at::sin(s[1].view_as(s[0])) * in[0], rows.of(in[1])});
      });
      const State y0({at::zeros({2, 2, 3}, at::kDouble), at::ones({2, 6}, at::kDouble)});
      const State y = equilibrium(map, y0, solve::Picard{}, gradient).y;
      return loss_of(y[0]) + 2 * loss_of(y[1]);
    };
  };
  const Inputs inputs = leaves({at::full({3}, 0.5, at::kDouble), at::linspace(0, 1, 12, at::kDouble).view({2, 6})});
  const Inputs actual = gradient(loss(Checkpointed{5}), inputs), expected = gradient(loss(Unrolled{5}), inputs);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol::of(at::kDouble).ops(100)));
  // G without its argument: the state is a captured tensor itself.
  const Tensor c = at::ones({2, 2}, at::kDouble).requires_grad_(true);
  solved([&](const Tensor&) { return c; }, at::zeros({2, 2}, at::kDouble), Checkpointed{4}).sum().backward();
  EXPECT_TRUE(at::equal(c.grad(), at::ones({2, 2}, at::kDouble)));
}

TEST(Checkpointed, WorksOnModulesInTrainingAndEvaluation) {
  namespace nn = torch::nn;
  at::manual_seed(5);
  for (const bool train : {false, true}) {
    nn::Sequential block(nn::Linear(6, 9), nn::Tanh(), nn::Linear(9, 6), nn::BatchNorm1d(6), nn::Tanh());
    block->to(at::kDouble);
    block->train(train);
    const Tensor x = at::randn({4, 6}, at::kDouble);
    const Map map([&](const Tensor& y) { return 0.4 * block->forward(y) + x; });
    const auto gradients = [&](const Gradient& gradient) {
      return torch::autograd::grad({loss_of(solved(map, at::zeros_like(x), gradient))}, block->parameters());
    };
    const Inputs actual = gradients(Checkpointed{10}), expected = gradients(Unrolled{10});
    for (std::size_t i = 0; i < actual.size(); ++i) {
      EXPECT_TRUE(close(actual[i], expected[i], Tol::of(at::kDouble).ops(1e4))) << i;
    }
  }
}

TEST(Checkpointed, RefusesAMapThatGivesOtherValuesAgain) {
  torch::nn::Dropout dropout(0.5);
  const Tensor w = at::ones({32}, at::kFloat).requires_grad_(true);
  const Map map([&](const Tensor& y) { return 0.5 * dropout->forward(y * w) + 1; });
  const Tensor loss = solved(map, at::ones({2, 32}), Checkpointed{6}).sum();
  try {
    loss.backward();
    FAIL() << "dropout in training was accepted";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("G gives other values in the backward pass"));
  }
  dropout->eval();
  solved(map, at::ones({2, 32}), Checkpointed{6}).sum().backward();
}

TEST(Checkpointed, RefusesAMapWhoseCapturesChange) {
  const Tensor a = at::full({1}, 0.5).requires_grad_(true), b = at::full({1}, 0.5).requires_grad_(true);
  const Map map([&, t = 0](const Tensor& y) mutable { return y * (++t % 6 == 5 ? b : a); });
  const Tensor loss = solved(map, at::ones({1, 2}), Checkpointed{5}).sum();
  try {
    loss.backward();
    FAIL() << "another capture at one step was accepted";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("uses other tensors that require grad"));
  }
}

// G is a step down an energy, whose slope it takes at a leaf of its own.
TEST(Checkpointed, WorksOnMapsThatMakeLeavesOfTheirOwn) {
  const Tensor w = at::full({3}, 0.8, at::kDouble).requires_grad_(true);
  const Map map([w](const Tensor& y) {
    const at::AutoGradMode enable(true);
    const Tensor z = y.detach().requires_grad_(true), energy = (w * at::cos(z)).sum();
    return y - 0.3 * torch::autograd::grad({energy}, {z}, {}, true, true)[0];
  });
  const auto slope = [&](const Gradient& gradient) {
    return torch::autograd::grad({loss_of(solved(map, at::ones({2, 3}, at::kDouble), gradient))}, {w})[0];
  };
  EXPECT_TRUE(close(slope(Checkpointed{7}), slope(Unrolled{7}), Tol::of(at::kDouble).ops(1e3)));
  EXPECT_GT(slope(Unrolled{7}).abs().min().item<double>(), 0.1);
}

// As unrolling: the row is flagged, and the others' own inputs get their gradients.
TEST(Checkpointed, ARowThatMeetsNaNIsFlaggedAndLeavesTheOtherInputsAlone) {
  Cell cell = Cell::random(4, 5, 0.5), healthy = cell;
  const Tensor others = tensor::from_int64s({0, 1, 3}, {3});
  cell.x = cell.x.clone();
  cell.x[2].fill_(std::numeric_limits<double>::quiet_NaN());
  healthy.x = healthy.x.index_select(0, others);
  base::set_level(base::Level::quiet);
  for (const Gradient& gradient :
       {Gradient(Checkpointed{6}), Gradient(Unrolled{6}), Gradient(Reversible{.steps = 6})}) {
    Cell a = cell, b = healthy;
    for (Tensor* x : {&a.x, &b.x}) *x = x->clone().requires_grad_(true);
    const Equilibrium e = equilibrium(a.map(), a.start(), solve::Picard{}, gradient);
    EXPECT_EQ(e.solution.status[2], solve::Status::nonfinite);
    EXPECT_EQ(e.solution.count(solve::Status::nonfinite), 1);
    (e.y.only() * e.y.only()).sum().backward();
    const Tensor y = solved(b.map(), b.start(), gradient);
    (y * y).sum().backward();
    EXPECT_TRUE(close(a.x.grad().index_select(0, others), b.x.grad(), Tol{}.plus(1e-7)));
  }
  base::set_level(base::Level::info);
}

TEST(Checkpointed, BackwardCanRunAgainWhileTheGraphIsKept) {
  Cell cell = Cell::random(2, 3, 0.5);
  cell.require_grad();
  const Tensor loss = loss_of(solved(cell.map(), cell.start(), Checkpointed{7}));
  const Tensor first = torch::autograd::grad({loss}, {cell.W}, {}, /*retain_graph=*/true)[0];
  const Tensor second = torch::autograd::grad({loss}, {cell.W}, {}, /*retain_graph=*/false)[0];
  EXPECT_TRUE(at::equal(first, second));
  EXPECT_ANY_THROW(torch::autograd::grad({loss}, {cell.W}));
}

// The inner map holds what it needs by value: it is called again when the outer backward pass runs.
TEST(Checkpointed, NestsInsideAMap) {
  const auto loss = [](const Gradient& inner, const Gradient& outer) {
    return [=](const Inputs& in) {
      const Cell cell = Cell::of(in);
      const Map map([cell, inner](const Tensor& y, const Rows& rows) {
        const Map nested([cell, y](const Tensor& z) { return at::tanh(at::linear(z, cell.W) + y); });
        return 0.5 * at::tanh(solved(nested, at::zeros_like(y).detach(), inner) +
                              at::linear(rows.of(cell.x), cell.U, cell.b));
      });
      return loss_of(solved(map, cell.start(), outer));
    };
  };
  const Inputs inputs = leaves(Cell::random(2, 3, 0.4).inputs());
  const Inputs expected = gradient(loss(Unrolled{6}, Unrolled{8}), inputs);
  for (const auto& [inner, outer] : std::vector<std::pair<Gradient, Gradient>>{
           {Checkpointed{6}, Unrolled{8}}, {Unrolled{6}, Checkpointed{8}}, {Checkpointed{6}, Checkpointed{8}}}) {
    const Inputs actual = gradient(loss(inner, outer), inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_TRUE(close(actual[i], expected[i], Tol::of(at::kDouble).ops(1e4)));
    }
  }
}

RC_GTEST_PROP(CheckpointedProperty, EqualsUnrollingForAnyStepsAndCheckpoints, ()) {
  const auto steps = *rc::gen::inRange<std::int64_t>(1, 30), kept = *rc::gen::inRange<std::int64_t>(0, 35);
  const Inputs inputs = leaves(Cell::random(2, 4, 0.9).inputs());
  const Inputs actual = gradient(cell_loss(Checkpointed{steps, kept}), inputs),
               expected = gradient(cell_loss(Unrolled{steps}), inputs);
  for (std::size_t i = 0; i < actual.size(); ++i) RC_ASSERT(close(actual[i], expected[i], Tol{}.plus(1e-12)));
}

}  // namespace
}  // namespace fathom::diff
