#include <gtest/gtest.h>

#include <limits>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

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

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const Implicit kExact{.rtol = 1e-12, .max_iter = 400};

Inputs gradients_of(Cell cell, const Gradient& gradient, const solve::Solver& solver, const solve::Stop& stop,
                    double scale = 1) {
  cell.require_grad();
  const Tensor loss = scale * loss_of(equilibrium(cell.map(), cell.start(), solver, gradient, stop).y.only());
  return torch::autograd::grad({loss}, cell.inputs(), {}, false, false, true);
}

// Every gradient x solver x dtype, against unrolling to convergence in float64. Gains small enough for each to be near.
TEST(Equilibrium, EveryGradientWithEverySolverAndDtypeIsNearTheExactOne) {
  const Cell exact_cell = Cell::random(5, 8, 0.3);
  const Inputs exact = gradients_of(exact_cell, Unrolled{.steps = 100}, solve::Picard{}, {});
  // ||J|| <= 0.3: k undamped terms leave 0.3^k / (1 - 0.3) of ||u||; the damped ones 0.65^k / 0.35 with tau = 1/2.
  const std::vector<std::pair<Gradient, double>> table{
      {Implicit{.adjoint = "picard"}, 1e-5}, {Implicit{}, 1e-5},
      {Implicit{.adjoint = "gmres"}, 1e-5},  {JacobianFree{}, 0.3 / 0.7},
      {Phantom{.steps = 30}, 1e-4},          {Phantom{.steps = 12, .damping = 1}, 1e-5},
      {Unrolled{.steps = 30}, 1e-5},         {Truncated{.steps = 40, .last = 12}, 1e-5},
      {Neumann{.terms = 12}, 1e-5},          {Adaptive{.rtol = 1e-6}, 1e-5},
      {Checkpointed{.steps = 30}, 1e-5},     {Reversible{.steps = 60}, 1e-2}};
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const solve::Solver& solver : {solve::Solver(solve::Picard{}), solve::Solver(solve::Anderson{})}) {
      for (const auto& [gradient, error] : table) {
        SCOPED_TRACE(fmt::format("{} solver {} gradient {}", c10::toString(type), solver.index(), gradient.index()));
        const Inputs actual = gradients_of(Cell::random(5, 8, 0.3, type), gradient, solver, {.rtol = 1e-6});
        for (std::size_t i = 0; i < exact.size(); ++i) {
          EXPECT_EQ(actual[i].scalar_type(), type);
          EXPECT_TRUE(close(actual[i], exact[i], Tol::of(type).ops(8 * 5 * 10).plus(error)));
        }
      }
    }
  }
}

TEST(Equilibrium, ScalingTheLossScalesTheGradientAndNothingElse) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Cell cell = Cell::random(6, 10, 0.9, type);
    for (const char* adjoint : {"picard", "anderson", "gmres"}) {
      const Implicit options{.adjoint = adjoint, .rtol = 1e-5, .max_iter = 500};
      const Inputs whole = gradients_of(cell, options, solve::Anderson{}, {.rtol = 1e-6});
      for (const double scale : {1e-7, 1e-30, 1e7}) {
        const Inputs scaled = gradients_of(cell, options, solve::Anderson{}, {.rtol = 1e-6}, scale);
        for (std::size_t i = 0; i < whole.size(); ++i) {
          EXPECT_TRUE(close(scaled[i] / scale, whole[i], Tol::of(type).ops(100))) << adjoint << " " << scale;
        }
      }
    }
  }
}

TEST(Equilibrium, ValueIsTheSolutionAndRecordsNothingOutsideGradMode) {
  Cell cell = Cell::random(3, 4, 0.5);
  cell.require_grad();
  const Equilibrium with = equilibrium(cell.map(), cell.start());
  EXPECT_TRUE(with.y.only().requires_grad());
  EXPECT_TRUE(at::equal(with.y.only(), with.solution.y.only()));
  const at::NoGradGuard no_grad;
  for (const Gradient& gradient : {Gradient(Implicit{}), Gradient(JacobianFree{}), Gradient(Phantom{}),
                                   Gradient(Unrolled{}), Gradient(Truncated{}), Gradient(Neumann{}),
                                   Gradient(Adaptive{}), Gradient(Checkpointed{}), Gradient(Reversible{})}) {
    EXPECT_FALSE(equilibrium(cell.map(), cell.start(), solve::Anderson{}, gradient).y.only().requires_grad());
  }
}

TEST(Equilibrium, HasNoGraphWhereNothingRequiresGrad) {
  const Cell cell = Cell::random(3, 4, 0.5);
  for (const Gradient& gradient : {Gradient(Implicit{}), Gradient(JacobianFree{}), Gradient(Phantom{}),
                                   Gradient(Unrolled{}), Gradient(Truncated{}), Gradient(Neumann{}),
                                   Gradient(Adaptive{}), Gradient(Checkpointed{}), Gradient(Reversible{})}) {
    EXPECT_FALSE(equilibrium(cell.map(), cell.start(), solve::Anderson{}, gradient).y.only().requires_grad());
  }
}

TEST(Equilibrium, OfAMapThatDoesNotDependOnItsStateIsThatMap) {
  const Tensor x = at::ones({2, 3}, at::kDouble).requires_grad_(true);
  const Equilibrium e = equilibrium([&](const Tensor&) { return x * x; }, at::zeros({2, 3}, at::kDouble));
  e.y.only().sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), 2 * x.detach()));
}

TEST(Equilibrium, ARowIsTheSameAloneAndAmongOthers) {
  Cell batch = Cell::random(6, 8, 0.9);
  batch.x.select(0, 0).mul_(0.01);
  const solve::Stop stop{.rtol = 1e-10, .max_iter = 400};
  const auto gradient_of_x = [&](Cell cell) {
    cell.x = cell.x.clone().requires_grad_(true);
    const Tensor y = equilibrium(cell.map(), cell.start(), solve::Anderson{}, kExact, stop).y.only();
    (y * y).sum().backward();
    return cell.x.grad();
  };
  const Tensor together = gradient_of_x(batch);
  for (std::int64_t row = 0; row < 6; ++row) {
    Cell alone = batch;
    alone.x = batch.x.narrow(0, row, 1);
    // Two answers within rtol / (1 - gain) of the exact one.
    EXPECT_TRUE(close(together.narrow(0, row, 1), gradient_of_x(alone), Tol{}.plus(2 * 1e-10 / 0.1 * 10)));
  }
}

TEST(Equilibrium, ARowThatMeetsNaNGivesNoGradientAndHarmsNoOther) {
  Cell harmed = Cell::random(4, 5, 0.5), healthy = harmed;
  harmed.x = harmed.x.clone();
  harmed.x[2].fill_(kNaN);
  const Tensor others = tensor::from_int64s({0, 1, 3}, {3});
  healthy.x = healthy.x.index_select(0, others);
  for (const Gradient& gradient :
       {Gradient(Implicit{}), Gradient(Implicit{.adjoint = "gmres"}), Gradient(JacobianFree{}), Gradient(Phantom{}),
        Gradient(Neumann{}), Gradient(Adaptive{.rtol = 1e-8})}) {
    Cell a = harmed, b = healthy;
    a.require_grad();
    b.require_grad();
    const Equilibrium e = equilibrium(a.map(), a.start(), solve::Anderson{}, gradient, {.rtol = 1e-12});
    EXPECT_EQ(e.solution.status[2], Status::nonfinite);
    EXPECT_EQ(e.solution.count(Status::converged), 3);
    EXPECT_TRUE(at::isfinite(e.y.only()).all().item<bool>());
    const Tensor y = equilibrium(b.map(), b.start(), solve::Anderson{}, gradient, {.rtol = 1e-12}).y.only();
    (e.y.only() * e.y.only()).sum().backward();
    (y * y).sum().backward();
    EXPECT_TRUE(close(a.W.grad(), b.W.grad(), Tol::of(at::kDouble).ops(100).plus(1e-5)));
    EXPECT_TRUE(close(a.x.grad().index_select(0, others), b.x.grad(), Tol{}.plus(1e-5)));
    EXPECT_EQ(a.x.grad()[2].abs().sum().item<double>(), 0);
    if (e.adjoint) {
      EXPECT_THAT(e.adjoint->message, HasSubstr("1 of 4 rows met NaN"));
      const Status others_end = std::holds_alternative<Neumann>(gradient) ? Status::max_iter : Status::converged;
      EXPECT_EQ(e.adjoint->status, (std::vector<Status>{others_end, others_end, Status::nonfinite, others_end}));
    }
  }
}

TEST(Equilibrium, SecondDerivativesAreThoseOfTheRowsThatAreFinite) {
  Cell harmed = Cell::random(3, 4, 0.5), healthy = harmed;
  harmed.x = harmed.x.clone();
  harmed.x[0].fill_(kNaN);
  healthy.x = healthy.x.narrow(0, 1, 2);
  const auto curvature = [](const Cell& cell) {
    const Inputs inputs = leaves({cell.W, cell.b});
    const Tensor y = equilibrium(Cell{inputs[0], cell.U, inputs[1], cell.x}.map(), cell.start(), solve::Anderson{},
                                 kExact, {.rtol = 1e-12})
                         .y.only();
    const Inputs slope = torch::autograd::grad({(y * y).sum()}, inputs, {}, true, true);
    return torch::autograd::grad({(slope[0] * slope[0]).sum() + slope[1].sum()}, inputs);
  };
  const Inputs actual = curvature(harmed), expected = curvature(healthy);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-9)));
}

TEST(Equilibrium, ANaNRowOfAMapWithoutRowsLeavesTheOtherInputsAlone) {
  Cell cell = Cell::random(3, 4, 0.5);
  cell.x = cell.x.clone();
  cell.x[1].fill_(kNaN);
  cell.require_grad();
  const Map map([&](const Tensor& y) { return at::tanh(at::linear(y, cell.W, cell.b) + at::linear(cell.x, cell.U)); });
  const Tensor y = equilibrium(map, cell.start()).y.only();
  testing::internal::CaptureStderr();
  (y * y).sum().backward();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("1 of 3 rows met NaN or infinity forward"));
  EXPECT_TRUE(at::isfinite(cell.x.grad().index_select(0, tensor::from_int64s({0, 2}, {2}))).all().item<bool>());
  EXPECT_GT(cell.x.grad()[0].abs().sum().item<double>(), 0);
}

// y = a y + c, a > 1: the solve starts at its fixed point, so that only the adjoint has to cope with a radius above 1.
struct Expanding {
  Tensor c = (-0.5 * at::ones({3, 2}, at::kDouble)).requires_grad_(true);
  double a = 1.5;
  Equilibrium solve(const Implicit& options) const {
    const Map map([a = a, c = c](const Tensor& y, const Rows& rows) { return a * y + rows.of(c); });
    return equilibrium(map, at::ones({3, 2}, at::kDouble), solve::Picard{}, options);
  }
};

TEST(Equilibrium, AnAdjointThatDivergesIsFlaggedOnceWithNumbers) {
  const Expanding problem;
  const Equilibrium e = problem.solve(Implicit{.adjoint = "picard"});
  ASSERT_TRUE(e.solution.converged());
  testing::internal::CaptureStderr();
  e.y.only().sum().backward();
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_THAT(warning, HasSubstr("[diff::equilibrium] adjoint (picard) of 3 of 3 rows did not reach rtol = 1.0e-06"));
  EXPECT_EQ(std::count(warning.begin(), warning.end(), '\n'), 1);
  EXPECT_FALSE(e.adjoint->converged());
  for (const Status status : e.adjoint->status) EXPECT_EQ(status, Status::diverged);
  EXPECT_GT(e.adjoint->worst_relative_residual, 1e-2);
  EXPECT_TRUE(at::isfinite(problem.c.grad()).all().item<bool>());
}

TEST(Equilibrium, GmresSolvesAnAdjointOfRadiusAboveOne) {
  const Expanding problem;
  const Equilibrium e = problem.solve(Implicit{.adjoint = "gmres"});
  e.y.only().sum().backward();
  EXPECT_TRUE(e.adjoint->converged());
  EXPECT_TRUE(
      close(problem.c.grad(), at::full({3, 2}, -2.0, at::kDouble), Tol::of(at::kDouble).ops(10)));  // 1 / (1 - 3/2)
}

TEST(Equilibrium, SaysThatARowDidNotConvergeForward) {
  Cell cell = Cell::random(3, 6, 0.99);
  cell.require_grad();
  const Equilibrium e =
      equilibrium(cell.map(), cell.start(), solve::Picard{}, Implicit{}, {.rtol = 1e-12, .max_iter = 3});
  loss_of(e.y.only()).backward();
  EXPECT_EQ(e.solution.count(Status::max_iter), 3);
  EXPECT_THAT(e.adjoint->message, HasSubstr("3 of 3 rows did not converge forward"));
  EXPECT_GT(cell.W.grad().abs().sum().item<double>(), 0);
}

TEST(Equilibrium, RefusesBadOptions) {
  const Cell cell = Cell::random(1, 2, 0.5);
  const auto run = [&](const Gradient& gradient) { equilibrium(cell.map(), cell.start(), solve::Picard{}, gradient); };
  EXPECT_THROW(run(Implicit{.adjoint = "newton"}), UsageError);
  EXPECT_THROW(run(Implicit{.rtol = 0}), UsageError);
  EXPECT_THROW(run(Implicit{.adjoint = "gmres", .restart = 0}), UsageError);
  EXPECT_THROW(run(Phantom{.steps = 0}), UsageError);
  EXPECT_THROW(run(Phantom{.damping = 1.5}), UsageError);
  EXPECT_THROW(run(Unrolled{.steps = -1}), UsageError);
  try {
    run(Truncated{.steps = 3, .last = 4});
    FAIL() << "last > steps was accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "[diff::equilibrium] truncated.last = 4 violates <= truncated.steps; 3 steps are run in all");
  }
  EXPECT_THROW(equilibrium([](const Tensor& y) { return at::cat({y, y}, 1); }, cell.start()), Error);
}

RC_GTEST_PROP(EquilibriumProperty, ImplicitEqualsUnrolling, ()) {
  const auto batch = *rc::gen::inRange<std::int64_t>(1, 5), width = *rc::gen::inRange<std::int64_t>(1, 8);
  const double gain = 0.1 * *rc::gen::inRange(0, 8);
  const Cell cell = Cell::random(batch, width, gain);
  const solve::Stop tight{.rtol = 1e-13, .max_iter = 300};
  const Inputs actual = gradients_of(cell, kExact, solve::Anderson{}, tight),
               expected = gradients_of(cell, Unrolled{120}, solve::Anderson{}, tight);
  for (std::size_t i = 0; i < actual.size(); ++i) RC_ASSERT(close(actual[i], expected[i], Tol{}.plus(1e-9)));
}

}  // namespace
}  // namespace fathom::diff
