#include "fathom/domain/lp/generate.h"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/domain/lp/label.h"
#include "fathom/domain/lp/quality.h"

namespace fathom::lp {
namespace {

using testing::HasSubstr;

std::string error_of(const GenerateOptions& options, std::int64_t count = 1) {
  try {
    generate(options, count, 0, "test", Protocol::exact);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// Running mean and variance of draws whose distribution is known.
struct Moments {
  double count = 0, sum = 0, squares = 0, least = 1e300, greatest = -1e300;
  void add(double value) {
    ++count;
    sum += value;
    squares += value * value;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  double mean() const { return sum / count; }
  double variance() const { return squares / count - mean() * mean(); }
};

// Within five standard errors of the mean and of the variance; `kurtosis` is 3 for a normal and 9/5 for a uniform
// number.
void expect_moments(const Moments& m, double mean, double variance, double kurtosis, const char* what) {
  EXPECT_NEAR(m.mean(), mean, 5 * std::sqrt(variance / m.count)) << what;
  EXPECT_NEAR(m.variance(), variance, 5 * variance * std::sqrt((kurtosis - 1) / m.count)) << what;
}

TEST(Draw, FollowsTheDistributionOfThePaper) {
  const GenerateOptions options;
  Moments value, cost, bound, right_side, equality;
  for (std::uint64_t k = 0; k < 1000; ++k) {
    const Instance p = draw(options, 3, "test", k);
    validate(p);
    ASSERT_EQ(p.value.size(), 100u);
    for (const double a : p.value) value.add(a);
    for (const double c : p.c) cost.add(c);
    for (const double b : p.b) right_side.add(b);
    for (const auto o : p.equality) equality.add(o);
    for (std::size_t j = 0; j < p.l.size(); ++j) {
      ASSERT_LE(p.l[j], p.u[j]);
      bound.add(p.l[j]);
      bound.add(p.u[j]);
    }
  }
  expect_moments(value, 0, 1, 3, "a");
  expect_moments(cost, 0, 1e-4 / 3, 1.8, "c");
  expect_moments(right_side, 0, 1.0 / 3, 1.8, "b");
  expect_moments(bound, 0, 100, 3, "l and u together");
  EXPECT_NEAR(equality.mean(), 0.3, 5 * std::sqrt(0.21 / equality.count));
  EXPECT_LE(cost.greatest, 0.01);
  EXPECT_GE(cost.least, -0.01);
}

TEST(Draw, EveryPositionIsAsLikelyAsAnyOther) {
  const GenerateOptions options{.m = 2, .n = 3, .nnz = 2};
  std::vector<double> hits(6, 0);
  for (std::uint64_t k = 0; k < 6000; ++k) {
    const Instance p = draw(options, 1, "positions", k);
    for (std::size_t e = 0; e < 2; ++e) ++hits[static_cast<std::size_t>(p.row[e] * 3 + p.column[e])];
  }
  // Each of six positions holds one of two nonzeros: probability 1/3.
  for (const double hit : hits) EXPECT_NEAR(hit, 2000, 5 * std::sqrt(6000 * 2.0 / 9));
}

TEST(Draw, FillsTheWholeMatrixWhenAsked) {
  const Instance p = draw({.m = 4, .n = 5, .nnz = 20}, 0, "full", 0);
  validate(p);  // sorted and distinct
  EXPECT_EQ(p.value.size(), 20u);
}

TEST(Draw, LargeSparseProgramsNeedNoMemoryForTheirZeros) {
  const Instance p = draw({.m = 10000, .n = 100000, .nnz = 1000}, 0, "large", 0);  // 1e9 positions
  validate(p);
  EXPECT_EQ(p.value.size(), 1000u);
}

TEST(Generate, CountsEveryDraw) {
  const Drawn drawn = generate({}, 500, 0, "count", Protocol::exact);
  EXPECT_EQ(drawn.kept(), 500);
  EXPECT_EQ(drawn.data.solutions.size(), 500u);
  EXPECT_EQ(drawn.draws, drawn.kept() + drawn.infeasible + drawn.unbounded + drawn.failed);
  EXPECT_EQ(drawn.unbounded, 0);  // all bounds are finite
  EXPECT_EQ(drawn.failed, 0);
  EXPECT_EQ(drawn.vertices, 0);
  // The paper's draw kept 600 of 1133.
  const double reference = 600.0 / 1133,
               spread = std::sqrt(reference * (1 - reference) * (1.0 / 1133 + 1.0 / drawn.draws));
  EXPECT_NEAR(statistics(drawn).at("feasible fraction"), reference, 4 * spread);
}

TEST(Generate, LabelsAreFeasibleAndSitAtBoundsAsThePaperSays) {
  const Drawn drawn = generate({}, 300, 4, "labels", Protocol::exact);
  double at_bound = 0;
  for (std::size_t k = 0; k < 300; ++k) {
    const Instance& p = drawn.data.instances[k];
    const std::vector<double>& x = drawn.data.solutions[k];
    EXPECT_LE(violation(p, x), 1e-9);
    for (std::size_t j = 0; j < x.size(); ++j) at_bound += x[j] == p.l[j] || x[j] == p.u[j];
  }
  EXPECT_NEAR(at_bound / (300 * 50), 0.88,
              0.015);  // at most 10 of 50 are basic: 0.8 at least; measured 0.876 +- 0.003
}

TEST(Generate, IsTheSameWithOneThreadAndWithSeveral) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const Drawn one = generate({}, 60, 9, "threads", Protocol::exact);
  omp_set_num_threads(4);
  const Drawn four = generate({}, 60, 9, "threads", Protocol::exact);
  omp_set_num_threads(before);
  EXPECT_EQ(one.data.instances, four.data.instances);
  EXPECT_EQ(one.data.solutions, four.data.solutions);
  EXPECT_EQ(one.draws, four.draws);
}

TEST(Generate, FewerProgramsAreTheFirstOfMore) {
  const Drawn few = generate({}, 20, 9, "prefix", Protocol::exact),
              more = generate({}, 50, 9, "prefix", Protocol::exact);
  for (std::size_t k = 0; k < 20; ++k) EXPECT_EQ(few.data.instances[k], more.data.instances[k]);
}

TEST(Generate, StreamsAndSeedsDiffer) {
  EXPECT_NE(draw({}, 0, "train", 0), draw({}, 0, "test", 0));
  EXPECT_NE(draw({}, 0, "train", 0), draw({}, 1, "train", 0));
  EXPECT_NE(draw({}, 0, "train", 0), draw({}, 0, "train", 1));
}

// The authors' files: five decimals, solutions of the program before it was rounded.
TEST(Generate, PaperProtocolRoundsTheProgramAfterItWasSolved) {
  const Drawn exact = generate({}, 50, 2, "protocol", Protocol::exact),
              paper = generate({}, 50, 2, "protocol", Protocol::paper);
  ASSERT_EQ(exact.draws, paper.draws);
  for (std::size_t k = 0; k < 50; ++k) {
    const Instance &full = exact.data.instances[k], &rounded = paper.data.instances[k];
    for (std::size_t j = 0; j < 50; ++j) {
      EXPECT_NEAR(rounded.c[j], full.c[j], 0.5e-5 * (1 + 1e-9));
      EXPECT_NEAR(rounded.c[j] * 1e5, std::round(rounded.c[j] * 1e5), 1e-9);
      EXPECT_NEAR(rounded.u[j], full.u[j], 0.5e-5 * (1 + 1e-9));
    }
    EXPECT_EQ(paper.data.solutions[k], vertex_label(full).x);
  }
}

TEST(Generate, BoundsCanBeInfinite) {
  const Drawn drawn = generate({.p_infinite = 0.1}, 100, 0, "infinite", Protocol::exact);
  double infinite = 0;
  for (const Instance& p : drawn.data.instances) {
    for (std::size_t j = 0; j < p.l.size(); ++j) infinite += std::isinf(p.l[j]) + std::isinf(p.u[j]);
  }
  EXPECT_GT(infinite / (100 * 100), 0.04);
  EXPECT_LT(infinite / (100 * 100), 0.1);  // those that make a program unbounded are not kept
  EXPECT_GT(drawn.unbounded, 0);
}

TEST(Generate, RefusesWhatCannotBeDrawn) {
  EXPECT_THAT(error_of({.m = 2, .n = 3, .nnz = 7}), HasSubstr("nnz = 7 violates <= m*n = 6"));
  EXPECT_THAT(error_of({.m = 0}), HasSubstr("m"));
  EXPECT_THAT(error_of({}, -1), HasSubstr("[lp::generate] count = -1 violates >= 0"));
}

TEST(Generate, SaysWhenNothingIsFeasible) {
  EXPECT_THAT(error_of({.p_equality = 1, .bound_scale = 1e-9}),
              HasSubstr("draws have a solution; use fewer equalities"));
}

}  // namespace
}  // namespace fathom::lp
