#include "fathom/measure/contraction.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"

namespace fathom::measure {
namespace {

std::vector<double> geometric(double factor, int length, double scale = 1) {
  std::vector<double> trace;
  for (int t = 0; t < length; ++t) trace.push_back(scale * std::pow(factor, t));
  return trace;
}

TEST(Contraction, OfAGeometricTraceIsItsRatio) {
  for (const double factor : {0.1, 0.5, 0.99, 1.0, 1.2}) {
    const Contraction c = contraction(geometric(factor, 30));
    EXPECT_NEAR(c.factor, factor, 1e-12);
    EXPECT_NEAR(c.low, factor, 1e-12);
    EXPECT_NEAR(c.high, factor, 1e-12);
    EXPECT_GE(c.first, c.last / 2);
    EXPECT_GE(c.last, factor < 0.8 ? 20 : 29);  // a descent of three decades is cut before its last
  }
}

TEST(Contraction, LooksPastTheTransientAndBeforeTheRounding) {
  std::vector<double> trace;
  for (int t = 0; t < 200; ++t)
    trace.push_back(100 * std::pow(0.3, t) + std::pow(0.8, t) + 1e-13 * (1.5 + std::sin(9.0 * t)));
  const Contraction c = contraction(trace);
  EXPECT_NEAR(c.factor, 0.8, 0.01);
  EXPECT_LT(c.first, c.last);
}

TEST(Contraction, IsNotMovedByOutliers) {
  std::vector<double> trace = geometric(0.7, 60);
  for (const int t : {35, 41, 50}) trace[t] *= 1000;
  trace[45] = std::numeric_limits<double>::quiet_NaN();
  trace[46] = 0;
  EXPECT_NEAR(contraction(trace).factor, 0.7, 1e-3);
}

TEST(Contraction, AveragesTheBeatOfAComplexPair) {
  std::vector<double> trace;
  for (int t = 0; t < 80; ++t) trace.push_back(std::pow(0.9, t) * (1.2 + std::sin(0.7 * t)));
  const Contraction c = contraction(trace);
  EXPECT_NEAR(c.factor, 0.9, 0.01);
  EXPECT_LT(c.low, 0.9);
  EXPECT_GT(c.high, 0.9);
}

TEST(Contraction, IsUnknownWhereThereIsNothingToFit) {
  EXPECT_FALSE(contraction({}).known());
  EXPECT_FALSE(contraction(std::vector<double>{1, 0.5, 0.25}).known());
  EXPECT_FALSE(contraction(std::vector<double>{1, 0, 0, 0, std::nan("")}).known());
  EXPECT_TRUE(contraction(std::vector<double>{1, 0.5, 0.25, 0.125}).known());
}

TEST(Contraction, BoundsOfBanach) {
  EXPECT_DOUBLE_EQ(a_posteriori_bound(0.9, 2), 18);
  EXPECT_DOUBLE_EQ(residual_bound(0.75, 1), 4);
  EXPECT_EQ(a_posteriori_bound(1, 1), std::numeric_limits<double>::infinity());
  EXPECT_EQ(residual_bound(1.5, 1), std::numeric_limits<double>::infinity());
  EXPECT_THROW(a_posteriori_bound(-0.1, 1), Error);
  EXPECT_THROW(a_posteriori_bound(0.5, std::nan("")), Error);
}

// For y+ = L Q y + c with a rotation Q, L is exact and the bound holds at every step.
RC_GTEST_PROP(ContractionProperty, TheBoundHoldsWithTheTrueFactor, ()) {
  const double L = 0.05 * *rc::gen::inRange(1, 19), angle = 0.1 * *rc::gen::inRange(0, 60);
  double y[2] = {0, 0};
  const double c[2] = {1, -0.5}, p = L * std::cos(angle), q = L * std::sin(angle);
  const double det = (1 - p) * (1 - p) + q * q;  // (I - L Q) y* = c
  const double exact[2] = {((1 - p) * c[0] - q * c[1]) / det, ((1 - p) * c[1] + q * c[0]) / det};
  for (int t = 0; t < 20; ++t) {
    const double next[2] = {p * y[0] - q * y[1] + c[0], q * y[0] + p * y[1] + c[1]};
    const double step = std::hypot(next[0] - y[0], next[1] - y[1]),
                 error = std::hypot(next[0] - exact[0], next[1] - exact[1]);
    RC_ASSERT(error <= a_posteriori_bound(L, step) * (1 + 1e-9) + 1e-14);
    y[0] = next[0];
    y[1] = next[1];
  }
}

}  // namespace
}  // namespace fathom::measure
