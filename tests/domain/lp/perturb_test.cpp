#include "fathom/domain/lp/perturb.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/label.h"

namespace fathom::lp {
namespace {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) square += std::isfinite(a[i]) ? (a[i] - b[i]) * (a[i] - b[i]) : 0;
  return std::sqrt(square);
}

std::vector<double> distances(const Instance& p, const Instance& q) {
  return {distance(p.value, q.value), distance(p.b, q.b), distance(p.c, q.c), distance(p.l, q.l), distance(p.u, q.u)};
}

TEST(Perturb, MovesOnePartByTheGivenNormAndNothingElse) {
  const Instance p = draw({}, 0, "perturb", 0);
  for (std::size_t i = 0; i < kTargets.size(); ++i) {
    const Perturbed q = perturb(p, kTargets[i], 1e-4, 5);
    const std::vector<double> moved = distances(p, q.instance);
    for (std::size_t part = 0; part < moved.size(); ++part) {
      // Each of at most 100 numbers near 10 is rounded to double: relative error of the difference below 1e-9.
      EXPECT_NEAR(moved[part], part == i ? 1e-4 : 0, part == i ? 1e-13 : 0) << to_string(kTargets[i]);
    }
    EXPECT_DOUBLE_EQ(q.size, moved[i]);
    EXPECT_EQ(q.instance.row, p.row);
    EXPECT_EQ(q.instance.column, p.column);
    EXPECT_EQ(q.instance.equality, p.equality);
  }
}

TEST(Perturb, NoiseIsNotQuantised) {
  const Instance p = draw({}, 0, "perturb", 1), q = perturb(p, Target::c, 1e-4, 5).instance;
  double least = 1;
  for (std::size_t j = 0; j < p.c.size(); ++j) least = std::min(least, std::abs(q.c[j] - p.c[j]));
  EXPECT_GT(least, 0);
  EXPECT_LT(least, 5e-6);  // half a unit of the fifth decimal
}

TEST(Perturb, KeepsTheBoundsInOrderAndSaysHowFarItReallyWent) {
  Instance p = draw({}, 0, "perturb", 2);
  p.u = p.l;  // half of the noise would cross
  for (const Target target : {Target::l, Target::u}) {
    const Perturbed q = perturb(p, target, 1, 3);
    for (std::size_t j = 0; j < p.l.size(); ++j) EXPECT_LE(q.instance.l[j], q.instance.u[j]);
    EXPECT_GT(q.size, 0.3);
    EXPECT_LT(q.size, 0.95);
    EXPECT_DOUBLE_EQ(q.size, distance(p.l, q.instance.l) + distance(p.u, q.instance.u));
  }
}

TEST(Perturb, InfiniteBoundsStay) {
  Instance p = draw({}, 0, "perturb", 3);
  p.u[0] = kInfinity;
  const Perturbed q = perturb(p, Target::u, 1e-4, 3);
  EXPECT_EQ(q.instance.u[0], kInfinity);
  EXPECT_NEAR(q.size, 1e-4, 1e-13);
  p.u.assign(p.u.size(), kInfinity);
  EXPECT_EQ(perturb(p, Target::u, 1e-4, 3).size, 0);  // nothing to move
}

TEST(Perturb, RefusesANormThatIsNone) {
  for (const double norm : {0.0, -1.0, kInfinity, std::nan("")}) {
    try {
      perturb(draw({}, 0, "perturb", 0), Target::b, norm, 0);
      FAIL() << norm;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("violates in (0, 1e50]"));
    }
  }
}

TEST(PerturbAndLabel, SolvesTheMovedPrograms) {
  const Dataset clean = generate({}, 40, 0, "clean", Protocol::exact).data;
  for (const Target target : kTargets) {
    const PerturbedSet set = perturb_and_label(clean, target, 1e-4, 7);
    ASSERT_EQ(set.source.size() + static_cast<std::size_t>(set.without_solution), 40u);
    ASSERT_EQ(set.data.instances.size(), set.source.size());
    for (std::size_t k = 0; k < set.source.size(); ++k) {
      const Perturbed again =
          perturb(clean.instances[set.source[k]], target, 1e-4, base::stream_seed(7, to_string(target), set.source[k]));
      EXPECT_EQ(set.data.instances[k], again.instance);
      EXPECT_EQ(set.data.solutions[k], minimum_norm_label(again.instance).x);
      EXPECT_EQ(set.size[k], again.size);
    }
  }
}

TEST(PerturbAndLabel, CountsProgramsThatLoseTheirSolution) {
  const Dataset clean = generate({}, 40, 0, "clean", Protocol::exact).data;
  const PerturbedSet set = perturb_and_label(clean, Target::b, 300, 7);  // right-hand sides of some 100 each
  EXPECT_GT(set.without_solution, 10);
  EXPECT_EQ(set.data.instances.size() + static_cast<std::size_t>(set.without_solution), 40u);
}

}  // namespace
}  // namespace fathom::lp
