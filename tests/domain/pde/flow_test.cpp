#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/pde/flow.h"
#include "fathom/domain/pde/holding_force.h"
#include "fathom/domain/pde/march.h"

namespace fathom::pde {
namespace {

using Values = std::vector<double>;

constexpr double kRounding = 1e-12;  // sums of some thousand products of numbers near 1, in double

Values random_values(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  Values values(count);
  for (double& value : values) value = random.normal();
  return values;
}

// Coefficients of mean zero that fall with the frequency.
Values random_flow(const Flow& flow, std::uint64_t seed) {
  Values modes = random_values(flow.modes(), seed);
  modes[0] = 0;
  for (std::int64_t i = 1; i < flow.modes(); ++i) modes[i] /= 1 + flow.minus_laplacian()[i];
  return modes;
}

Values field_of(const Flow& flow, const std::function<double(double x, double y)>& f) {
  const std::int64_t n = flow.grid();
  Values field(n * n);
  for (std::int64_t i = 0; i < n * n; ++i) {
    const double h = 2 * std::numbers::pi / static_cast<double>(n);
    field[i] = f(h * static_cast<double>(i / n), h * static_cast<double>(i % n));
  }
  return field;
}

Values analysed(const Flow& flow, const Values& field) {
  Values modes(flow.modes());
  flow.analyse(field.data(), modes.data());
  return modes;
}

Values synthesised(const Flow& flow, const Values& modes) {
  Values field(flow.grid() * flow.grid());
  flow.synthesise(modes.data(), field.data());
  return field;
}

Values derivative(const Flow& flow, const Values& modes, int axis) {
  Values to(modes.size());
  flow.derivative(modes.data(), axis, to.data());
  return to;
}

Values convection(const Flow& flow, const Values& vorticity) {
  Values to(vorticity.size());
  flow.convection(vorticity.data(), to.data());
  return to;
}

double dot(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double norm(const Values& a) { return std::sqrt(dot(a, a)); }

double distance(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

TEST(Flow, TheBandIsBelowAThirdOfTheGrid) {
  for (const auto& [grid, waves] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{64, 21}, {63, 20}, {8, 2}, {17, 5}}) {
    EXPECT_EQ(Flow(grid).waves(), waves) << grid;
    EXPECT_LT(3 * Flow(grid).waves(), grid);
    EXPECT_GE(3 * (Flow(grid).waves() + 1), grid);
  }
  EXPECT_THROW(Flow(3), Error);
}

TEST(Flow, CoefficientsAndFieldsAreOneAndTheSame) {
  for (const std::int64_t grid : {8, 17, 32}) {
    const Flow flow(grid);
    const Values modes = random_values(flow.modes(), 1), field = synthesised(flow, modes);
    EXPECT_LE(distance(analysed(flow, field), modes), kRounding * norm(modes));
    EXPECT_NEAR(norm(field), norm(modes), kRounding * norm(modes)) << "the basis is orthonormal";
    const Values other = random_values(grid * grid, 2);  // analysis is the adjoint of synthesis
    EXPECT_NEAR(dot(analysed(flow, other), modes), dot(other, field), kRounding * norm(other) * norm(modes));
  }
}

TEST(Flow, DerivativesAreThoseOfTheFunctions) {
  const Flow flow(16);
  const Values modes =
      analysed(flow, field_of(flow, [](double x, double y) { return std::sin(2 * x) * std::cos(3 * y); }));
  const Values dx = field_of(flow, [](double x, double y) { return 2 * std::cos(2 * x) * std::cos(3 * y); });
  const Values dy = field_of(flow, [](double x, double y) { return -3 * std::sin(2 * x) * std::sin(3 * y); });
  EXPECT_LE(distance(synthesised(flow, derivative(flow, modes, 0)), dx), kRounding * norm(dx));
  EXPECT_LE(distance(synthesised(flow, derivative(flow, modes, 1)), dy), kRounding * norm(dy));
}

TEST(Flow, VelocityAndConvectionOfTwoWavesAreTheFormulas) {
  // psi = cos x + cos 2y: u = -2 sin 2y, v = sin x, w = cos x + 4 cos 2y, u.grad w = -6 sin x sin 2y.
  const Flow flow(16);
  const Values w = analysed(flow, field_of(flow, [](double x, double y) { return std::cos(x) + 4 * std::cos(2 * y); }));
  Flow::Velocity velocity;
  flow.velocity(w.data(), velocity);
  const Values u_turned = field_of(flow, [](double y, double) { return -2 * std::sin(2 * y); });
  const Values v_turned = field_of(flow, [](double, double x) { return std::sin(x); });
  EXPECT_LE(distance(velocity.u, u_turned), kRounding * norm(u_turned));
  EXPECT_LE(distance(velocity.v, v_turned), kRounding * norm(v_turned));
  const Values expected = field_of(flow, [](double x, double y) { return -6 * std::sin(x) * std::sin(2 * y); });
  EXPECT_LE(distance(synthesised(flow, convection(flow, w)), expected), kRounding * norm(expected));
}

TEST(Flow, ConvectionIsTheProductOfVelocityAndGradientCutToTheBand) {
  for (const std::int64_t grid : {16, 33}) {
    const Flow flow(grid);
    const Values w = random_flow(flow, 3);
    Flow::Velocity velocity;
    flow.velocity(w.data(), velocity);
    const Values wx = synthesised(flow, derivative(flow, w, 0)), wy = synthesised(flow, derivative(flow, w, 1));
    Values product(grid * grid);
    for (std::int64_t x = 0; x < grid; ++x) {
      for (std::int64_t y = 0; y < grid; ++y) {
        const std::int64_t i = x * grid + y, turned = y * grid + x;
        product[i] = velocity.u[turned] * wx[i] + velocity.v[turned] * wy[i];
      }
    }
    const Values expected = analysed(flow, product);
    EXPECT_LE(distance(convection(flow, w), expected), kRounding * norm(expected));
  }
}

TEST(Flow, ConvectionKeepsEnergyAndEnstrophy) {
  const Flow flow(32);
  const Values w = random_flow(flow, 4), n = convection(flow, w);
  Values psi = w;
  for (std::int64_t i = 1; i < flow.modes(); ++i) psi[i] /= flow.minus_laplacian()[i];
  EXPECT_GT(norm(n), 1e-3) << "there is something to cancel";
  EXPECT_LE(std::abs(dot(n, w)), kRounding * norm(n) * norm(w));
  EXPECT_LE(std::abs(dot(n, psi)), kRounding * norm(n) * norm(psi));
}

// Convection is a quadratic form: N(w + d) - N(w - d) = 2 N'(w) d, with no term left over.
TEST(Flow, TheSlopeOfConvectionIsItsDerivative) {
  const Flow flow(24);
  const Values w = random_flow(flow, 9), d = random_flow(flow, 10);
  Flow::Velocity at;
  flow.velocity(w.data(), at);
  Values slope(flow.modes()), ahead = w, behind = w;
  flow.convection_slope(at, d.data(), slope.data());
  for (std::size_t i = 0; i < d.size(); ++i) {
    ahead[i] += d[i];
    behind[i] -= d[i];
  }
  Values difference = convection(flow, ahead);
  const Values other = convection(flow, behind);
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] = (difference[i] - other[i]) / 2;
  EXPECT_LE(distance(slope, difference), kRounding * norm(difference));
}

TEST(Flow, TheCurlOfAnyForceIsThatOfItsPartInTheBand) {
  const Flow flow(16);
  const Values f1 = random_values(256, 5), f2 = random_values(256, 6);
  Values curl(flow.modes());
  flow.curl(f1.data(), f2.data(), curl.data());
  const Values along_x = derivative(flow, analysed(flow, f2), 0), along_y = derivative(flow, analysed(flow, f1), 1);
  Values expected(flow.modes());
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = along_x[i] - along_y[i];
  EXPECT_LE(distance(curl, expected), kRounding * norm(expected));
}

TEST(HoldingForce, BothFormsHaveTheCurlThatHoldsTheFlow) {
  const Flow flow(32);
  const Values w = random_flow(flow, 7);
  for (const Form form : {Form::convective, Form::rotational}) {
    const Values force = holding_force(flow, w, 0.01, form);
    Values curl(flow.modes()), r(flow.modes());
    flow.curl(force.data(), force.data() + 32 * 32, curl.data());
    flow.residual(w.data(), curl.data(), 0.01, r.data());
    EXPECT_LE(norm(r), kRounding * norm(curl));
  }
}

TEST(March, AWaveAloneDecaysAsCrankNicolsonSays) {
  // cos 2x is steady but for friction: each step multiplies it by (1 - s) / (1 + s).
  const Flow flow(16);
  const Values w = analysed(flow, field_of(flow, [](double x, double) { return std::cos(2 * x); }));
  const double s = 0.5 * 0.1 * 0.05 * 4;
  const Values later = march(flow, w, 0.1, 1, 0.05);
  Values expected = w;
  for (double& value : expected) value *= std::pow((1 - s) / (1 + s), 20);
  EXPECT_LE(distance(later, expected), kRounding * norm(w));
  EXPECT_EQ(march(flow, w, 0.1, 0, 0.05), w);
}

TEST(March, ConvergesToSecondOrder) {
  const Flow flow(16);
  const Values w = random_flow(flow, 8), reference = march(flow, w, 0.01, 1, 1.0 / 256);
  const double coarse = distance(march(flow, w, 0.01, 1, 1.0 / 16), reference);
  const double fine = distance(march(flow, w, 0.01, 1, 1.0 / 32), reference);
  EXPECT_NEAR(coarse / fine, 4, 0.5);
}

TEST(March, RefusesTimeAndViscosityBelowZero) {
  const Flow flow(8);
  const Values w(flow.modes(), 0.0);
  EXPECT_THROW(march(flow, w, -1, 1, .1), Error);
  EXPECT_THROW(march(flow, w, 1, -1, .1), Error);
  EXPECT_THROW(march(flow, w, 1, 1, 0), Error);
}

}  // namespace
}  // namespace fathom::pde
