#include "fathom/base/seed.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace fathom::base {
namespace {

constexpr int kDraws = 100000;

// Five standard errors: exceeded by chance less than once in a million; the seeds are fixed, so the
// tests are repeatable.
double tolerance(double standard_deviation, int draws = kDraws) { return 5 * standard_deviation / std::sqrt(draws); }

TEST(Random, IsSplitMix64) {
  // The published sequence of the generator for the seed 1234567.
  Random random(1234567);
  EXPECT_EQ(random.bits(), 6457827717110365317ULL);
  EXPECT_EQ(random.bits(), 3203168211198807973ULL);
  EXPECT_EQ(random.bits(), 9817491932198370423ULL);
  EXPECT_EQ(random.bits(), 4593380528125082431ULL);
  EXPECT_EQ(random.bits(), 16408922859458223821ULL);
}

TEST(Random, UniformNumbersHaveMeanAndVarianceOfTheUniform) {
  Random random(1);
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.uniform();
    ASSERT_TRUE(x >= 0 && x < 1);
    sum += x;
    squares += (x - 0.5) * (x - 0.5);
  }
  EXPECT_NEAR(sum / kDraws, 0.5, tolerance(std::sqrt(1.0 / 12)));
  EXPECT_NEAR(squares / kDraws, 1.0 / 12, tolerance(std::sqrt(1.0 / 180)));  // variance of (x - 1/2)^2
}

TEST(Random, NormalNumbersHaveTheMomentsOfTheNormal) {
  Random random(2);
  double sum = 0, squares = 0, cubes = 0, fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    cubes += x * x * x;
    fourth += x * x * x * x;
  }
  // Variances of x, x^2, x^3, x^4: 1, 2, 15, 96.
  EXPECT_NEAR(sum / kDraws, 0, tolerance(1));
  EXPECT_NEAR(squares / kDraws, 1, tolerance(std::sqrt(2.0)));
  EXPECT_NEAR(cubes / kDraws, 0, tolerance(std::sqrt(15.0)));
  EXPECT_NEAR(fourth / kDraws, 3, tolerance(std::sqrt(96.0)));
}

TEST(Random, NeighbouringNormalsAreUncorrelated) {
  Random random(3);
  double product = 0, before = random.normal();
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    product += x * before;
    before = x;
  }
  EXPECT_NEAR(product / kDraws, 0, tolerance(1));
}

TEST(Random, BelowIsUniformOverItsRange) {
  Random random(4);
  std::vector<int> counts(7);
  for (int i = 0; i < kDraws; ++i) ++counts.at(random.below(7));
  for (const int count : counts) EXPECT_NEAR(count / double{kDraws}, 1.0 / 7, tolerance(std::sqrt(6.0 / 49)));
}

TEST(Random, BelowTakesEveryBound) {
  Random random(5);
  EXPECT_EQ(random.below(1), 0U);
  const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(largest), largest);
}

RC_GTEST_PROP(Random, BoundedDrawsStayInside, (std::uint64_t seed)) {
  Random random(seed);
  const auto bound = *rc::gen::inRange<std::uint64_t>(1, std::numeric_limits<std::uint64_t>::max());
  RC_ASSERT(random.below(bound) < bound);
  const double low = *rc::gen::inRange(-1000, 1000), width = *rc::gen::inRange(1, 1000);
  const double x = random.uniform(low, low + width);
  RC_ASSERT(x >= low && x < low + width);
}

TEST(Random, ANarrowRangeIsNeverLeft) {
  Random random(6);
  const double low = 1, high = std::nextafter(1.0, 2.0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.uniform(low, high), low);
}

TEST(StreamSeed, NumbersAreStable) {
  // Changing these changes every data set and every training: only with a line in the changelog.
  EXPECT_EQ(stream_seed(0, "data"), 3841327490747075704ULL);
  EXPECT_EQ(stream_seed(1, "train", 2), 8234525334589833324ULL);
}

TEST(StreamSeed, DiffersByMasterNameAndIndex) {
  std::set<std::uint64_t> seeds;
  int made = 0;
  for (std::uint64_t master = 0; master < 20; ++master) {
    for (const char* name : {"", "a", "b", "ab", "ba", "data", "train", "model"}) {
      for (std::uint64_t index = 0; index < 50; ++index, ++made) seeds.insert(stream_seed(master, name, index));
    }
  }
  EXPECT_EQ(seeds.size(), static_cast<std::size_t>(made));
}

TEST(StreamSeed, NeighbouringStreamsAreUncorrelated) {
  double product = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    Random a(stream_seed(1, "x", i)), b(stream_seed(1, "x", i + 1));
    product += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  }
  EXPECT_NEAR(product / kDraws, 0, tolerance(1.0 / 12));
}

}  // namespace
}  // namespace fathom::base
