#include "fathom/domain/lp/scaling.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/lp/clp.h"
#include "fathom/domain/lp/generate.h"

namespace fathom::lp {
namespace {

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

// A program of the training distribution in units that differ by many orders of magnitude from row to row, column to
// column.
Instance in_odd_units(std::uint64_t seed, double decades) {
  Instance p = draw({}, seed, "odd units", 0);
  base::Random random(seed);
  std::vector<double> row, column;
  for (std::int64_t i = 0; i < p.m; ++i) row.push_back(std::pow(10, random.uniform(-decades, decades)));
  for (std::int64_t j = 0; j < p.n; ++j) column.push_back(std::pow(10, random.uniform(-decades, decades)));
  for (std::size_t e = 0; e < p.value.size(); ++e) p.value[e] *= row[p.row[e]] * column[p.column[e]];
  for (std::int64_t i = 0; i < p.m; ++i) p.b[i] *= row[i];
  for (std::int64_t j = 0; j < p.n; ++j) {
    p.c[j] *= column[j];
    p.l[j] /= column[j];
    p.u[j] /= column[j];
  }
  return p;
}

TEST(Scaling, GivesTheSizesOfTheTrainingDistribution) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Scaled s = scale(in_odd_units(seed, 4));
    double square = 0;
    for (const double a : s.instance.value) square += a * a;
    // Factors are rounded to powers of two, so every size is within a factor of sqrt(2) per rounding of what is aimed
    // at.
    EXPECT_GT(std::sqrt(square / 100), 0.4);
    EXPECT_LT(std::sqrt(square / 100), 2.5);
    EXPECT_GT(largest(s.instance.b), 0.35);
    EXPECT_LT(largest(s.instance.b), 2.9);
    EXPECT_GE(largest(s.instance.c), 0.01 / 1.42);
    EXPECT_LE(largest(s.instance.c), 0.01 * 1.42);
  }
}

TEST(Scaling, WithoutRightHandSidesTheBoundsSetTheLength) {
  Instance p = draw({}, 1, "bounds", 0);
  p.b.assign(p.b.size(), 0);
  for (std::int64_t j = 0; j < p.n; ++j) p.l[j] *= 1e6, p.u[j] *= 1e6;
  const Scaled s = scale(p);
  EXPECT_GT(largest(s.instance.u), 5);
  EXPECT_LT(largest(s.instance.u), 100);
}

TEST(Scaling, KeepsInfiniteBoundsAndZeroCosts) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Instance p = draw({}, 2, "infinite", 0);
  p.l[3] = -kInfinity;
  p.u[5] = kInfinity;
  p.c.assign(p.c.size(), 0);
  const Scaled s = scale(p);
  EXPECT_EQ(s.instance.l[3], -kInfinity);
  EXPECT_EQ(s.instance.u[5], kInfinity);
  EXPECT_EQ(s.cost, 1);
  EXPECT_EQ(largest(s.instance.c), 0);
}

TEST(Scaling, EmptyRowsAndColumnsKeepAFactorOfTheCommonLength) {
  const Instance p{.m = 2,
                   .n = 2,
                   .row = {0},
                   .column = {0},
                   .value = {3},
                   .b = {8, 0},
                   .equality = {0, 0},
                   .c = {1, 1},
                   .l = {0, 0},
                   .u = {1, 1}};
  const Scaled s = scale(p);
  for (const double factor : s.row) EXPECT_TRUE(std::isfinite(factor) && factor > 0);
  for (const double factor : s.column) EXPECT_TRUE(std::isfinite(factor) && factor > 0);
}

// Powers of two: no rounding on the way there and back.
RC_GTEST_PROP(ScalingProperty, UnscaleUndoesScaleExactly, (std::uint32_t seed)) {
  const Instance p = in_odd_units(seed, 6);
  const Scaled s = scale(p);
  base::Random random(seed);
  std::vector<double> x;
  for (std::int64_t j = 0; j < p.n; ++j) x.push_back(random.normal());
  RC_ASSERT(s.unscale(s.scale(x)) == x);
  for (std::int64_t j = 0; j < p.n; ++j) RC_ASSERT(s.instance.l[j] * s.column[j] == p.l[j]);
  for (std::size_t e = 0; e < p.value.size(); ++e) {
    RC_ASSERT(s.instance.value[e] / s.row[p.row[e]] / s.column[p.column[e]] == p.value[e]);
  }
}

TEST(Scaling, TheScaledProgramHasTheSameSolution) {
  int optimal = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Instance p = in_odd_units(seed, 2);
    const SimplexResult before = simplex(p);
    const Scaled s = scale(p);
    const SimplexResult after = simplex(s.instance);
    EXPECT_EQ(before.outcome, after.outcome) << seed;
    if (before.outcome != Outcome::optimal || after.outcome != Outcome::optimal) continue;
    ++optimal;
    EXPECT_NEAR(s.unscale_objective(after.objective), before.objective, 1e-7 * (1 + std::abs(before.objective)));
    EXPECT_NEAR(objective(p, s.unscale(after.x)), before.objective, 1e-7 * (1 + std::abs(before.objective)));
  }
  EXPECT_GT(optimal, 10);
}

TEST(Scaling, RefusesASolutionOfAnotherLength) {
  const Scaled s = scale(draw({}, 0, "length", 0));
  EXPECT_THROW(s.unscale({1, 2, 3}), Error);
}

}  // namespace
}  // namespace fathom::lp
