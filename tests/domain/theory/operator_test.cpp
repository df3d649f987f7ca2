// The constructed operators: their bounds, their fixed points, what their iterates do. Value, status and counts.
#include "fathom/domain/theory/operator.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/theory/dynamics.h"
#include "fathom/domain/theory/fixed_points.h"
#include "fathom/domain/theory/regularity.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/convert.h"

namespace fathom::theory {
namespace {

constexpr double kC = 0.5, kKappa = 1;

Target named(const std::string& name) { return make_target(name, {}); }

const std::vector<std::string> kAll = {"reciprocal",  "inverse_square", "logarithm", "tangent",
                                       "square_root", "two_poles",      "inversion", "matrix_inverse"};

TEST(Probe, CrowdsTowardsPolesAndPairsNeighboursAcrossThem) {
  const Probed probed = probe_interval(-1, 2, {0, 1}, 0.05, 60);
  EXPECT_EQ(probed.points(), 59);  // 20 an interval; that between two poles has its middle once
  EXPECT_EQ(probed.breaks.size(), 2u);
  EXPECT_EQ(probed.from.size(0), 58);
  EXPECT_TRUE(std::is_sorted(probed.place.begin(), probed.place.end()));
  double nearest = 1;
  for (const double x : probed.place) nearest = std::min({nearest, std::abs(x), std::abs(x - 1)});
  EXPECT_NEAR(nearest, 0.05, 1e-15);
  EXPECT_DOUBLE_EQ(probed.place.front(), -1);
  EXPECT_DOUBLE_EQ(probed.place.back(), 2);
  EXPECT_THROW(probe_interval(0, 1, {0, 1}, 0.5, 60), Error);
}

TEST(Probe, FindsTheLipschitzConstantOfALine) {
  const Probed probed = probe_interval(0, 1, {0}, 1e-3, 50);
  EXPECT_NEAR(lipschitz(probed, -3 * probed.x), 3, 1e-11);
}

TEST(Targets, HaveTheSlopeTheySay) {
  for (const std::string& name : kAll) {
    const Target target = named(name);
    const Probed probed = target.points(64, 0);
    const Tensor F = target.value(probed.x);
    ASSERT_EQ(F.size(1), target.outputs) << name;
    const Tensor direction = at::ones_like(probed.x) / std::sqrt(static_cast<double>(target.inputs));
    const Tensor h = (1e-7 * at::linalg_vector_norm(probed.x, 2, {1}, true)).clamp_min(1e-12);
    const Tensor change = at::linalg_vector_norm(target.value(probed.x + h * direction) - F, 2, {1}, true) / h;
    const Tensor ratio = change / target.slope(probed.x);
    EXPECT_LT(ratio.max().item<double>(), 1 + 1e-4) << name;
    if (target.inputs == 1) {
      EXPECT_GT(ratio.min().item<double>(), 1 - 1e-4) << name;
    }
  }
}

TEST(AdaptiveStep, IsThePapersNearThePolesOfItsTarget) {
  const Target target = named("two_poles");
  const Probed probed = target.points(400, 0);
  const AdaptiveStep step(target, probed.x, kC, kKappa);
  for (const double x : {0.02, 0.05, 0.1}) {
    // c x^2 / (1 + x / (1 - x))^2 and the like: within the next order in x of min(c, x^2 (x - 1)^2) at c = 1/2.
    const double eps = step(tensor::from_doubles({x}, {1, 1}, at::kDouble)).item<double>();
    EXPECT_NEAR(eps / (kC * x * x), 1, 3 * x) << x;
  }
  EXPECT_DOUBLE_EQ(step.lipschitz(), 1);
  EXPECT_DOUBLE_EQ(step.product_lipschitz(), 1.5);
}

TEST(RegularOperator, HoldsItsBoundsOnEveryTargetInBothTypes) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const std::string& name : kAll) {
      const Target target = named(name);
      Probed probed = target.points(120, 0);
      probed.x = probed.x.to(type).to(at::kDouble);  // points that both types know
      const Operator op = regular_operator(target, probed.x, kC, kKappa);
      const Regularity r = check_regularity(op, target, probed);
      EXPECT_TRUE(r.regular()) << name << ": " << r.excess << ", mu " << r.largest_mu << ", " << r.mu_slope;
      // G in the type itself: fixed at F to rounding.
      const Tensor x = probed.x.to(type), F = target.value(x);
      const double unit = type == at::kFloat ? 6e-8 : 1.2e-16;
      const Tensor moved = (op.at(x)(State(F)).only() - F).abs() / (1 + F.abs());
      EXPECT_LE(moved.max().item<double>(), 2 * unit) << name;
    }
  }
}

TEST(ConstantStep, IsRefusedWhereTheTargetIsSteep) {
  for (const std::string& name : kAll) {
    const Target target = named(name);
    const Probed probed = target.points(120, 0);
    const Regularity r = check_regularity(constant_step_operator(target, kC, kKappa), target, probed);
    EXPECT_FALSE(r.grows_linearly()) << name;
    EXPECT_TRUE(r.contracts()) << name;  // it is condition (i) that fails
    EXPECT_FALSE(r.regular()) << name;
    const Approach nearer =
        approach([&](const Tensor&) { return constant_step_operator(target, kC, kKappa); }, target, 120, 0);
    EXPECT_GT(nearer.growth(), 4) << name;
    const Approach regular =
        approach([&](const Tensor& anchors) { return regular_operator(target, anchors, kC, kKappa); }, target, 120, 0);
    for (const double gain : regular.gain) EXPECT_LE(gain, kC * (1 + 2 * kKappa) * (1 + 1e-9)) << name;
  }
}

TEST(FixedPoints, AreTheTargetWithThePredictedCounts) {
  for (const char* name : {"reciprocal", "two_poles", "matrix_inverse"}) {
    Target target = named(name);
    const Probed probed = target.probe(0.1, 60, 0);
    const Operator op = regular_operator(target, probed.x, kC, kKappa);
    const FixedPoints found = find_fixed_points(op, target, probed, 1e-8, 100000);
    EXPECT_EQ(found.converged, probed.points()) << found.message;
    EXPECT_LE(found.largest_difference, 1) << name;
    EXPECT_LE(found.excess, 1 + 1e-6) << name;
    EXPECT_LE(found.at_target, 4e-16) << name;
  }
}

TEST(FixedPoints, OfTheReciprocalInEitherTypeTakeTheCountsOfTheFormula) {
  const std::vector<double> xs{0.1, 0.25, 0.5, 1};
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Tensor x = tensor::from_doubles(xs, {4, 1}, type);
    const solve::Stop stop{.rtol = 1e-4, .max_iter = 1000, .patience = 1000};
    const Solution s =
        solve::fixed_point(reciprocal_operator(0.5).at(x), State(at::zeros_like(x)), solve::Picard{}, stop);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      EXPECT_EQ(s.status[i], solve::Status::converged);
      EXPECT_EQ(static_cast<double>(s.iterations[i]), predicted_iterations(0.5 * xs[i], 1e-4, 1 / xs[i])) << xs[i];
      const double tolerance = 1e-4 / (0.5 * xs[i]) / xs[i];  // ||r|| / eps with ||r|| <= 1e-4 ||G||
      EXPECT_NEAR(tensor::to_doubles(s.y.only())[i], 1 / xs[i], tolerance);
    }
  }
  // One evaluation too few is max_iter, not converged.
  const Tensor x = tensor::from_doubles({0.1}, {1, 1}, at::kDouble);
  const auto needed = static_cast<std::int64_t>(predicted_iterations(0.05, 1e-4, 10));
  const Solution s = solve::fixed_point(reciprocal_operator(0.5).at(x), State(at::zeros_like(x)), solve::Picard{},
                                        {.rtol = 1e-4, .max_iter = needed - 1, .patience = needed});
  EXPECT_EQ(s.status[0], solve::Status::max_iter);
}

TEST(ReciprocalOperator, FollowsItsClosedFormAndSteepensAtEveryStep) {
  const Probed probed = probe_interval(0, 1, {0}, 1e-3, 200);
  const ReciprocalCheck check = check_reciprocal(probed, 0.5, 16000);
  EXPECT_LE(check.error, 1e-10);
  EXPECT_GT(check.least_increase, 0);
  EXPECT_LE(check.lipschitz_error, 1e-8);
  EXPECT_EQ(check.lipschitz.size(), 16000u);
  EXPECT_NEAR(check.lipschitz.front(), 0, 1e-9);  // y_1 = eta
  // The slope at x -> 0 is eta^2 t (t - 1) / 2 while t eta x is small: t = 3 gives 0.75.
  EXPECT_NEAR(check.lipschitz[2], 0.75, 0.75 * 2e-3);
}

TEST(Dynamics, FollowTheClosedFormOfTheError) {
  const Target target = named("two_poles");
  const Probed probed = target.probe(0.1, 100, 0);
  const Operator op = regular_operator(target, probed.x, kC, kKappa);
  const std::int64_t T = iterations_needed(op.step(probed.x), 1000000);
  const Dynamics d = run_dynamics(op, target, probed, T);
  EXPECT_EQ(d.t.front(), 1);
  EXPECT_EQ(d.t.back(), T);
  EXPECT_EQ(d.drawn.size(), d.drawn_t.size());
  EXPECT_LE(d.deviation, 8 * 1.2e-16 / op.step(probed.x).min().item<double>());
  EXPECT_GE(d.growth(), 5);
  EXPECT_LE(d.shortfall(), 0.05);
}

TEST(Dynamics, DipsAreExplainedByTheStepTerm) {
  // Of 1/x the slope (1 - q) F' - q' F changes its sign on the way: the steepest place moves and leaves a dip.
  const Target target = named("reciprocal");
  const Probed probed = target.points(200, 0);
  const Operator op = regular_operator(target, probed.x, kC, kKappa);
  const Dynamics d = run_dynamics(op, target, probed, iterations_needed(op.step(probed.x), 1000000));
  ASSERT_GT(d.dips, 0);
  EXPECT_GT(d.dip_step_term, 0.2 * d.dip_slope_term);
}

// By how much the ratio over each pair of neighbours may exceed the bounds of derivatives: a steeper F between them
// than at either, and |eps'| F with q of the one and F of the other.
std::vector<double> allowances(const Operator& op, const Target& target, const Probed& probed, double c, double kappa) {
  const std::vector<double> x = probed.place, F = tensor::to_doubles(target.value(probed.x)),
                            slope = tensor::to_doubles(target.slope(probed.x)),
                            eps = tensor::to_doubles(op.step(probed.x));
  std::vector<double> list;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double dx = x[i + 1] - x[i], secant = std::abs(F[i + 1] - F[i]) / dx;
    const double steeper = std::max(0.0, secant - std::max(slope[i], slope[i + 1]));
    list.push_back(std::max(eps[i], eps[i + 1]) * steeper +
                   c * kappa * kappa * dx * std::max(std::abs(F[i]), std::abs(F[i + 1])));
  }
  return list;
}

// The largest of (ratio - allowance) / (a + b |y|) over the pairs and y.
double worst_excess(const Operator& op, const Probed& probed, const std::vector<double>& allowed) {
  double worst = 0;
  for (const double y : {0.0, 1.0, -10.0, 100.0}) {
    const std::vector<double> G = tensor::to_doubles(op.at(probed.x)(State(at::full_like(probed.x, y))).only());
    for (std::size_t i = 0; i + 1 < G.size(); ++i) {
      const double ratio = std::abs(G[i + 1] - G[i]) / (probed.place[i + 1] - probed.place[i]);
      worst = std::max(worst, (ratio - allowed[i]) / (op.a + op.b * std::abs(y)));
    }
  }
  return worst;
}

// Random rational functions with poles of random strength: Theorem 2.4 for targets nobody chose.
RC_GTEST_PROP(RegularOperatorProperty, HoldsForRandomTargets, ()) {
  std::vector<double> poles, strength;
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    poles.push_back(i + 0.01 * *rc::gen::inRange(-30, 31));
    strength.push_back(0.1 * *rc::gen::inRange(-40, 41));
  }
  const double wave = 0.1 * *rc::gen::inRange(0, 100), height = 0.1 * *rc::gen::inRange(0, 50);
  const auto value = [=](const Tensor& x) {
    Tensor y = height * at::sin(wave * x);
    for (std::size_t i = 0; i < poles.size(); ++i) y = y + strength[i] / (x - poles[i]);
    return y;
  };
  const auto slope = [=](const Tensor& x) {
    Tensor y = height * wave * at::cos(wave * x);
    for (std::size_t i = 0; i < poles.size(); ++i) y = y - strength[i] / ((x - poles[i]) * (x - poles[i]));
    return y.abs();
  };
  const Target target = target_on_interval("random", "random", value, slope, -1, 3.5, poles, 0.1);
  const double c = 0.05 * *rc::gen::inRange(1, 20), kappa = 0.25 * *rc::gen::inRange(1, 9);
  const Probed probed = target.points(200, 0);
  const Operator op = regular_operator(target, probed.x, c, kappa);
  const Regularity r = check_regularity(op, target, probed);
  RC_ASSERT(r.contracts());
  RC_ASSERT(worst_excess(op, probed, allowances(op, target, probed, c, kappa)) <= 1 + 1e-9);
  const Dynamics d = run_dynamics(op, target, probed, 200);
  RC_ASSERT(d.deviation <= 8 * 1.2e-16 / op.step(probed.x).min().item<double>());
  const FixedPoints found = find_fixed_points(op, target, probed, 1e-6, 1000);
  RC_ASSERT(found.largest_difference <= 1);
  RC_ASSERT(found.excess <= 1 + 1e-6);
  RC_ASSERT(found.at_target <= 4e-16);
}

}  // namespace
}  // namespace fathom::theory
