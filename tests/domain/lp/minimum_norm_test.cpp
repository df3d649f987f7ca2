#include "fathom/domain/lp/minimum_norm.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/seed.h"
#include "fathom/domain/lp/clp.h"
#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/quality.h"

namespace fathom::lp {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One row a = (1, 2) with right-hand side b.
Instance line(double b, bool equality, double l = -kInfinity, double u = kInfinity) {
  return {.m = 1,
          .n = 2,
          .row = {0, 0},
          .column = {0, 1},
          .value = {1, 2},
          .b = {b},
          .equality = {equality},
          .c = {0, 0},
          .l = {l, l},
          .u = {u, u}};
}

TEST(MinimumNorm, ProjectsOnALine) {
  const Projection p = minimum_norm(line(5, true));
  EXPECT_TRUE(p.converged);
  EXPECT_THAT(p.x, ElementsAre(DoubleNear(1, 1e-9), DoubleNear(2, 1e-9)));  // b a / ||a||^2
}

TEST(MinimumNorm, RespectsBounds) {
  const Projection p = minimum_norm(line(5, true, -9, 1.9));
  EXPECT_TRUE(p.converged);
  EXPECT_THAT(p.x, ElementsAre(DoubleNear(1.2, 1e-9), 1.9));
}

TEST(MinimumNorm, AnInequalityThatHoldsAtTheOriginBindsNothing) {
  EXPECT_THAT(minimum_norm(line(5, false)).x, ElementsAre(0, 0));
  const Projection p = minimum_norm(line(-5, false));  // x + 2y <= -5 binds
  EXPECT_THAT(p.x, ElementsAre(DoubleNear(-1, 1e-9), DoubleNear(-2, 1e-9)));
}

TEST(MinimumNorm, WithoutRowsClipsTheOrigin) {
  const Projection p = minimum_norm({.m = 0, .n = 2, .c = {0, 0}, .l = {1, -3}, .u = {2, -1}});
  EXPECT_TRUE(p.converged);
  EXPECT_THAT(p.x, ElementsAre(1, -1));
}

TEST(MinimumNorm, AnEmptyPolyhedronDoesNotConverge) {
  const Projection p = minimum_norm(line(50, true, -1, 1), 1e-11, 1000);
  EXPECT_FALSE(p.converged);
  EXPECT_EQ(p.iterations, 1000);
  EXPECT_GT(p.violation, 0.1);
}

// The projection x of the origin on a convex set: x'(v - x) >= 0 for every v of the set, here its vertices in random
// directions.
TEST(MinimumNorm, IsTheProjectionOnRandomPolyhedra) {
  base::Random random(11);
  int tried = 0;
  for (std::uint64_t k = 0; k < 60; ++k) {
    Instance p = draw({}, 6, "projection", k);
    for (double& c : p.c) c = random.normal();
    const SimplexResult vertex = simplex(p);
    if (vertex.outcome != Outcome::optimal) continue;
    ++tried;
    const Projection projection = minimum_norm(p);
    ASSERT_TRUE(projection.converged) << k << ": " << projection.violation;
    EXPECT_LE(violation(p, projection.x), 1e-10);
    double product = 0, scale = 0;
    for (std::size_t j = 0; j < projection.x.size(); ++j) {
      product += projection.x[j] * (vertex.x[j] - projection.x[j]);
      scale += vertex.x[j] * vertex.x[j];
    }
    EXPECT_GE(product, -1e-9 * scale) << k;
  }
  EXPECT_GT(tried, 20);
}

}  // namespace
}  // namespace fathom::lp
