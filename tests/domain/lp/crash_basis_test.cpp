#include "fathom/domain/lp/crash_basis.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/lp/generate.h"

namespace fathom::lp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::int64_t basics(const Basis& basis) {
  return std::count(basis.variables.begin(), basis.variables.end(), Place::basic) +
         std::count(basis.rows.begin(), basis.rows.end(), Place::basic);
}

TEST(CrashBasis, TakesWhatIsFarthestFromItsBounds) {
  const Instance p{.m = 2,
                   .n = 3,
                   .row = {0, 0, 1},
                   .column = {0, 1, 2},
                   .value = {1, 1, 1},
                   .b = {10, 10},
                   .equality = {0, 0},
                   .c = {0, 0, 0},
                   .l = {0, 0, 0},
                   .u = {6, 6, 6}};
  // Row 0: x1 = 3 ranks first, and its slack depends on it. Row 1: x3 is at its upper bound, the slack 4 is not.
  const Basis basis = crash_basis(p, {0, 3, 6});
  EXPECT_THAT(basis.variables, ElementsAre(Place::lower, Place::basic, Place::upper));
  EXPECT_THAT(basis.rows, ElementsAre(Place::upper, Place::basic));
}

TEST(CrashBasis, SkipsDependentColumns) {
  // Two equal columns strictly between their bounds: one enters, the other goes to its nearest bound.
  const Instance p{.m = 1,
                   .n = 2,
                   .row = {0, 0},
                   .column = {0, 1},
                   .value = {2, 2},
                   .b = {8},
                   .equality = {1},
                   .c = {0, 0},
                   .l = {0, 0},
                   .u = {5, 5}};
  EXPECT_THAT(crash_basis(p, {2, 1.5}).variables, ElementsAre(Place::basic, Place::lower));
}

TEST(CrashBasis, FreeVariablesThatDoNotFitStayBetween) {
  const Instance p{.m = 1,
                   .n = 2,
                   .row = {0, 0},
                   .column = {0, 1},
                   .value = {1, 1},
                   .b = {0},
                   .equality = {1},
                   .c = {0, 0},
                   .l = {-kInfinity, -kInfinity},
                   .u = {kInfinity, kInfinity}};
  const Basis basis = crash_basis(p, {0, 0});
  EXPECT_THAT(basis.variables, ElementsAre(Place::basic, Place::between));
}

TEST(CrashBasis, HasOneBasicPerRowWhateverIsPredicted) {
  base::Random random(4);
  for (std::uint64_t k = 0; k < 50; ++k) {
    const Instance p = draw({.p_infinite = 0.2}, 1, "crash", k);
    std::vector<double> x;
    for (std::int64_t j = 0; j < p.n; ++j) x.push_back(std::clamp(10 * random.normal(), p.l[j], p.u[j]));
    EXPECT_EQ(basics(crash_basis(p, x)), p.m);
  }
}

TEST(CrashBasis, AtAVertexOfARandomProgramItIsTheOptimalBasis) {
  for (std::uint64_t k = 0; k < 100; ++k) {
    const Instance p = draw({}, 2, "vertex", k);
    const SimplexResult solved = simplex(p);
    if (solved.outcome != Outcome::optimal) continue;
    const SimplexResult again =
        simplex(p, {.method = SimplexOptions::Method::primal, .start = crash_basis(p, solved.x)});
    EXPECT_EQ(again.outcome, Outcome::optimal);
    EXPECT_EQ(again.iterations, 0) << k;
  }
}

TEST(CrashBasis, RefusesABrokenPrediction) {
  const Instance p = draw({}, 0, "broken", 0);
  const auto error_of = [&](const std::vector<double>& x) -> std::string {
    try {
      crash_basis(p, x);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of({1, 2}), HasSubstr("x.size() = 2 violates = 50"));
  std::vector<double> x(50, 0.0);
  x[7] = std::nan("");
  EXPECT_THAT(error_of(x), HasSubstr("x = nan violates finite"));
}

}  // namespace
}  // namespace fathom::lp
