#include "fathom/measure/summary.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace fathom::measure {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Summary, OfAFewNumbers) {
  const Summary s = summarize(std::vector<double>{1, 2, 3, 6});
  EXPECT_EQ(s.count, 4);
  EXPECT_EQ(s.nonfinite, 0);
  EXPECT_DOUBLE_EQ(s.mean, 3);
  EXPECT_DOUBLE_EQ(s.std, std::sqrt(14.0 / 3));  // unbiased: (4 + 1 + 0 + 9) / (4 - 1)
  EXPECT_DOUBLE_EQ(s.max, 6);
}

TEST(Summary, LeavesOutAndCountsWhatIsNotFinite) {
  const Summary s = summarize(std::vector<double>{kNaN, -2, kInfinity, -4});
  EXPECT_EQ(s.count, 2);
  EXPECT_EQ(s.nonfinite, 2);
  EXPECT_DOUBLE_EQ(s.mean, -3);
  EXPECT_DOUBLE_EQ(s.std, std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(s.max, -2);
}

TEST(Summary, OfOneNumberHasNoSpreadAndOfNoneNothing) {
  const Summary one = summarize(std::vector<double>{7});
  EXPECT_DOUBLE_EQ(one.mean, 7);
  EXPECT_DOUBLE_EQ(one.std, 0);
  const Summary none = summarize(std::vector<double>{kNaN});
  EXPECT_TRUE(std::isnan(none.mean) && std::isnan(none.std) && std::isnan(none.max));
  EXPECT_EQ(none.count, 0);
  EXPECT_EQ(none.nonfinite, 1);
}

RC_GTEST_PROP(SummaryProperty, ShiftMovesTheMeanAndKeepsTheSpread, ()) {
  const auto integers = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1000, 1000)));
  std::vector<double> values(integers.begin(), integers.end()), shifted = values;
  for (double& value : shifted) value += 1e6;
  const Summary a = summarize(values), b = summarize(shifted);
  // A rounding of 1e6 in each of the sums.
  const double rounding = 1e6 * 4 * std::numeric_limits<double>::epsilon() * static_cast<double>(values.size());
  RC_ASSERT(std::abs(b.mean - a.mean - 1e6) <= rounding);
  RC_ASSERT(std::abs(b.std - a.std) <= rounding);
  RC_ASSERT(b.max == a.max + 1e6);
}

}  // namespace
}  // namespace fathom::measure
