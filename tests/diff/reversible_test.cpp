#include "fathom/diff/reversible.h"

#include <gtest/gtest.h>

#include <limits>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

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

constexpr double kEps32 = std::numeric_limits<float>::epsilon(), kEps64 = std::numeric_limits<double>::epsilon();

Scalar reversible_loss(const Reversible& options) {
  return [=](const Inputs& inputs) {
    const Cell cell = Cell::of(inputs);
    return loss_of(equilibrium(cell.map(), cell.start(), solve::Picard{}, options).y.only());
  };
}

// The same iteration with a graph.
Scalar coupled_loss(std::int64_t steps, double b) {
  return [=](const Inputs& inputs) {
    const Cell cell = Cell::of(inputs);
    const Map map = cell.map();
    Tensor y = cell.start(), z = y;
    for (std::int64_t t = 0; t < steps; ++t) {
      y = (1 - b) * y + b * map(z).only();
      z = (1 - b) * z + b * map(y).only();
    }
    return loss_of(y);
  };
}

TEST(Reversible, EqualsTheUnrolledPairInBothDtypes) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const double allowed = std::sqrt(type == at::kFloat ? kEps32 : kEps64);
    for (const std::int64_t steps : {1, 2, 5, 12, 40}) {
      for (const double b : {0.3, 0.5, 0.8}) {
        const Inputs inputs = leaves(Cell::random(4, 6, 0.9, type).inputs());
        const Inputs actual = gradient(reversible_loss({.steps = steps, .damping = b}), inputs),
                     expected = gradient(coupled_loss(steps, b), inputs);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          // The states are off by the drift allowed; tanh'' <= 1 and |x| up to 3 carry it to the gradient.
          EXPECT_TRUE(close(actual[i], expected[i], Tol::of(type).ops(1e3).plus(10 * allowed))) << steps << " " << b;
        }
      }
    }
  }
}

TEST(Reversible, TendsToTheImplicitGradient) {
  const Inputs inputs = leaves(Cell::random(3, 5, 0.7).inputs());
  const Scalar exact = [](const Inputs& in) {
    const Cell cell = Cell::of(in);
    return loss_of(equilibrium(cell.map(), cell.start(), solve::Anderson{}, Implicit{.rtol = 1e-12},
                               {.rtol = 1e-13, .max_iter = 400})
                       .y.only());
  };
  const Inputs actual = gradient(reversible_loss({.steps = 120}), inputs), expected = gradient(exact, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-6)));
}

// On the scalar map a y the pair is multiplied by M = [1-b, a b; (1-b) a b, 1-b + a^2 b^2]; one over its smallest
// eigenvalue is how errors grow on the way back.
TEST(Reversible, GrowthIsThatOfTheInversePair) {
  for (const double b : {0.2, 0.5, 0.8}) {
    for (const double a : {0.0, 0.5, -0.9, 1.0}) {
      const double trace = 2 * (1 - b) + a * a * b * b, det = (1 - b) * (1 - b);
      const double smallest = (trace - std::sqrt(std::max(0.0, trace * trace - 4 * det))) / 2;
      EXPECT_NEAR(drift_growth(std::abs(a), b) * smallest, 1, 1e-6);
    }
    EXPECT_NEAR(drift_growth(1, b), 1 / ((1 - b) * (1 - b)), 1e-9);
  }
  // 4^k eps <= sqrt(eps): k = 23 / 4 and 52 / 4 bits of two.
  EXPECT_EQ(steps_between_checkpoints({.steps = 100}, kEps32), 5);
  EXPECT_EQ(steps_between_checkpoints({.steps = 100}, kEps64), 13);
  EXPECT_EQ(steps_between_checkpoints({.steps = 3}, kEps64), 3);
  EXPECT_EQ(steps_between_checkpoints({.steps = 100, .damping = 0.999}, kEps32), 1);
}

TEST(Reversible, ReportsADriftBelowItsBound) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const double eps = type == at::kFloat ? kEps32 : kEps64;
    Cell cell = Cell::random(4, 8, 0.9, type);
    cell.require_grad();
    const Equilibrium e = equilibrium(cell.map(), cell.start(), solve::Picard{}, Reversible{.steps = 60});
    ASSERT_TRUE(e.drift);
    EXPECT_EQ(e.adjoint, nullptr);
    EXPECT_FALSE(e.drift->good());
    EXPECT_EQ(e.drift->message, "the backward pass has not run.");
    loss_of(e.y.only()).backward();
    EXPECT_TRUE(e.drift->good()) << e.drift->message;
    EXPECT_EQ(e.drift->every, type == at::kFloat ? 5 : 13);
    EXPECT_EQ(e.drift->checkpoints, type == at::kFloat ? 11 : 4);
    EXPECT_EQ(e.drift->drift.size(), 4u);
    EXPECT_GT(e.drift->worst, 0);
    EXPECT_LE(e.drift->worst, std::sqrt(eps));
    EXPECT_EQ(e.solution.calls, 120);
  }
}

TEST(Reversible, WithoutCheckpointsTheDriftIsSeenAndSaid) {
  Cell cell = Cell::random(2, 4, 0.9, at::kFloat);
  cell.require_grad();
  const Equilibrium e = equilibrium(cell.map(), cell.start(), solve::Picard{}, Reversible{.steps = 60, .every = 60});
  testing::internal::CaptureStderr();
  loss_of(e.y.only()).backward();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("lower reversible.every"));
  EXPECT_FALSE(e.drift->good());
  EXPECT_GT(e.drift->worst, 1e-2);
  EXPECT_EQ(e.drift->checkpoints, 0);
}

TEST(Reversible, ReachesTheStartAndItsResidualIsThatOfTheAnswer) {
  const Tensor y0 = at::ones({1, 2}, at::kDouble).requires_grad_(true);
  const Map map([](const Tensor& y) { return 0.5 * y; });
  const Equilibrium e = equilibrium(map, y0, solve::Picard{}, Reversible{.steps = 1});
  e.y.only().sum().backward();
  EXPECT_TRUE(close(y0.grad(), at::full({1, 2}, 0.75, at::kDouble), Tol::of(at::kDouble)));  // .5 + .5 * .5
  EXPECT_NEAR(e.solution.residual[0], 0.375 * std::sqrt(2.0), 1e-15);
  EXPECT_TRUE(at::equal(e.y.only().detach(), e.solution.y.only()));
}

TEST(Reversible, SecondDerivativesAreThoseOfTheCoupledIteration) {
  const Inputs inputs = leaves(Cell::random(3, 4, 0.8).inputs());
  const Inputs actual = gradient(directional(reversible_loss({.steps = 6}), inputs), inputs),
               expected = gradient(directional(coupled_loss(6, 0.5), inputs), inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_TRUE(close(actual[i], expected[i], Tol::of(at::kDouble).ops(1e5)));
  }
  EXPECT_LT(second_derivative_error(reversible_loss({.steps = 5}), Cell::random(2, 3, 0.8).inputs()), 1e-7);
}

TEST(Reversible, WorksOnStatesOfSeveralTensors) {
  const auto loss = [](std::int64_t, bool reversible) {
    return [=](const Inputs& in) {
      const Map map([in](const State& s, const Rows& rows) -> State {
        return State({at::sin(s[1].view_as(s[0])) * in[0], 0.5 * s[0].view_as(s[1]) + rows.of(in[1])});
      });
      const State y0({at::zeros({2, 2, 3}, at::kDouble), at::ones({2, 6}, at::kDouble)});
      if (reversible) {
        const State y = equilibrium(map, y0, solve::Picard{}, Reversible{.steps = 4}).y;
        return loss_of(y[0]) + 2 * loss_of(y[1]);
      }
      Tensor y = y0.flat(), z = y;
      for (int t = 0; t < 4; ++t) {
        y = 0.5 * y + 0.5 * map(y0.with_flat(z)).flat();
        z = 0.5 * z + 0.5 * map(y0.with_flat(y)).flat();
      }
      const State end = y0.with_flat(y);
      return loss_of(end[0].contiguous()) + 2 * loss_of(end[1].contiguous());
    };
  };
  const Inputs inputs = leaves({at::full({3}, 0.5, at::kDouble), at::linspace(0, 1, 12, at::kDouble).view({2, 6})});
  const Inputs actual = gradient(loss(4, true), inputs), expected = gradient(loss(4, false), inputs);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-10)));
}

TEST(Reversible, DropoutShowsUpAsDrift) {
  const Tensor w = at::ones({64}).requires_grad_(true);
  const Map map([&](const Tensor& y) { return 0.5 * at::dropout(y * w, 0.5, true) + 1; });
  const Equilibrium e = equilibrium(map, at::ones({2, 64}), solve::Picard{}, Reversible{.steps = 8});
  base::set_level(base::Level::quiet);
  e.y.only().sum().backward();
  base::set_level(base::Level::info);
  EXPECT_FALSE(e.drift->good());
  EXPECT_GT(e.drift->worst, 0.01);
}

TEST(Reversible, RefusesBadOptions) {
  const Cell cell = Cell::random(1, 2, 0.5);
  const auto run = [&](const Gradient& gradient) { equilibrium(cell.map(), cell.start(), solve::Picard{}, gradient); };
  EXPECT_THROW(run(Reversible{.steps = -1}), UsageError);
  EXPECT_THROW(run(Reversible{.damping = 1}), UsageError);
  EXPECT_THROW(run(Reversible{.damping = 0}), UsageError);
  EXPECT_THROW(run(Reversible{.every = -1}), UsageError);
  EXPECT_THROW(run(Checkpointed{.checkpoints = -1}), UsageError);
  EXPECT_THROW(run(Neumann{0}), UsageError);
  EXPECT_THROW(run(Adaptive{.rtol = 0}), UsageError);
}

// The drift of a linear map never exceeds eps gamma^k by more than the few operations of each step.
RC_GTEST_PROP(ReversibleProperty, TheDriftBoundHoldsForContractions, ()) {
  const double gain = 0.1 * *rc::gen::inRange(1, 10), b = 0.1 * *rc::gen::inRange(2, 8);
  const auto steps = *rc::gen::inRange<std::int64_t>(1, 9);
  Cell cell = Cell::random(2, 4, gain);
  cell.require_grad();
  const Equilibrium e = equilibrium(cell.map(), cell.start(), solve::Picard{},
                                    Reversible{.steps = steps, .damping = b, .drift = 0.9, .every = steps});
  loss_of(e.y.only()).backward();
  const double bound = kEps64 * std::pow(drift_growth(gain, b), static_cast<double>(steps));
  RC_ASSERT(e.drift->worst <= 100 * bound / (1 - b));
}

}  // namespace
}  // namespace fathom::diff
