#include "fathom/report/axis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/report/text_size.h"

namespace fathom::report {
namespace {

using testing::ElementsAre;

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> texts;
  for (const Tick& tick : axis.ticks) {
    if (!tick.label.empty()) texts.push_back(tick.label);
  }
  return texts;
}

TEST(LinearAxis, WidensToRoundNumbers) {
  const Axis axis = make_axis({0.17, 0.57}, {.horizontal = false, .length = 200, .most_ticks = 6});
  EXPECT_DOUBLE_EQ(axis.low, 0.1);
  EXPECT_DOUBLE_EQ(axis.high, 0.6);
  EXPECT_THAT(labels(axis), ElementsAre("0.1", "0.2", "0.3", "0.4", "0.5", "0.6"));
}

TEST(LinearAxis, HoldsZeroWhenAsked) {
  EXPECT_EQ(make_axis({0.17, 0.57}, {.from_zero = true}).low, 0);
  EXPECT_EQ(make_axis({-5, -3}, {.from_zero = true}).high, 0);
}

TEST(LinearAxis, TightKeepsTheRangeOfTheData) {
  const Axis axis = make_axis({0, 24}, {.most_ticks = 6, .integer = true, .tight = true});
  EXPECT_EQ(axis.low, 0);
  EXPECT_EQ(axis.high, 24);
  EXPECT_THAT(labels(axis), ElementsAre("0", "5", "10", "15", "20"));
}

TEST(LinearAxis, IntegerTicksAreWholeOnShortRanges) {
  EXPECT_THAT(labels(make_axis({0, 2}, {.integer = true, .tight = true})), ElementsAre("0", "1", "2"));
  EXPECT_THAT(labels(make_axis({0.2, 0.8}, {.integer = true, .tight = true})), ElementsAre("0", "1"));
}

TEST(LinearAxis, GreatAndSmallMagnitudesHavePowers) {
  EXPECT_THAT(labels(make_axis({0, 2e9}, {.most_ticks = 5})), ElementsAre("0", "5×10⁸", "1×10⁹", "1.5×10⁹", "2×10⁹"));
  EXPECT_THAT(labels(make_axis({0, 2e-7}, {.most_ticks = 5})),
              ElementsAre("0", "5×10⁻⁸", "1×10⁻⁷", "1.5×10⁻⁷", "2×10⁻⁷"));
}

TEST(LinearAxis, FewerTicksWhereLabelsWouldTouch) {
  const AxisOptions narrow{.length = 120, .most_ticks = 9, .tight = true};
  const AxisOptions wide{.length = 900, .most_ticks = 9, .tight = true};
  EXPECT_LT(labels(make_axis({0, 4000}, narrow)).size(), labels(make_axis({0, 4000}, wide)).size());
}

TEST(LogAxis, LabelsPowersOfTenAndMarksTheMinorOnes) {
  const Axis axis = make_axis({1e-5, 0.9}, {.scale = Scale::log, .horizontal = false, .length = 300});
  EXPECT_DOUBLE_EQ(axis.low, 1e-5);
  EXPECT_DOUBLE_EQ(axis.high, 1);
  EXPECT_THAT(labels(axis), ElementsAre("10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"));
  EXPECT_EQ(axis.ticks.size(), 5U * 9 + 1);
}

TEST(LogAxis, AShortOneIsLabelledAtTwoAndFive) {
  const Axis axis = make_axis({0.1, 1.7}, {.scale = Scale::log});
  EXPECT_THAT(labels(axis), ElementsAre("0.1", "0.2", "0.5", "1", "2"));
}

TEST(LogAxis, ALongOneSkipsPowersAndMinorTicks) {
  const Axis axis = make_axis({1e-300, 1e300}, {.scale = Scale::log, .horizontal = false, .length = 300});
  EXPECT_THAT(labels(axis), testing::SizeIs(testing::AllOf(testing::Ge(2U), testing::Le(9U))));
  EXPECT_LE(axis.ticks.size(), 601U);
}

TEST(LogAxis, ATightOneBetweenRoundNumbersStillHasLabels) {
  const Axis axis = make_axis({3.1, 3.9}, {.scale = Scale::log, .tight = true});
  EXPECT_THAT(labels(axis), testing::Contains("3.5"));
}

TEST(LogAxis, HasNoPlaceForZeroAndBelow) {
  const Axis axis = make_axis({-1, 0, 0.1, 10}, {.scale = Scale::log});
  EXPECT_GT(axis.low, 0);
  EXPECT_TRUE(std::isnan(axis.fraction(0)));
  EXPECT_TRUE(std::isnan(axis.fraction(-1)));
  EXPECT_NEAR(axis.fraction(1), 0.5, 4 * std::numeric_limits<double>::epsilon());
}

TEST(Axis, FractionsClampAndRefuseWhatIsNotFinite) {
  const Axis axis = make_axis({0, 10}, {});
  EXPECT_EQ(axis.fraction(-5), 0);
  EXPECT_EQ(axis.fraction(50), 1);
  EXPECT_EQ(axis.fraction(5), 0.5);
  EXPECT_TRUE(std::isnan(axis.fraction(NAN)));
  EXPECT_TRUE(std::isnan(axis.fraction(INFINITY)));
}

// What every axis promises, whatever the values.
void expect_sound(const std::vector<double>& values, const AxisOptions& options) {
  const Axis axis = make_axis(values, options);
  const std::string what = testing::PrintToString(values);
  ASSERT_TRUE(std::isfinite(axis.low) && std::isfinite(axis.high)) << what;
  ASSERT_LT(axis.low, axis.high) << what;
  EXPECT_GE(labels(axis).size(), 2U) << what;
  // Rounding outwards adds one at each end.
  EXPECT_LE(labels(axis).size(), static_cast<std::size_t>(options.most_ticks) + 2) << what;
  double before = -std::numeric_limits<double>::infinity();
  for (const Tick& tick : axis.ticks) {
    EXPECT_GT(tick.value, before) << what;
    EXPECT_TRUE(tick.value >= axis.low && tick.value <= axis.high) << what;
    before = tick.value;
  }
  for (const double value : values) {
    const bool usable = std::isfinite(value) && (options.scale == Scale::linear || value > 0);
    if (usable && std::abs(value) < 1e299 && std::abs(value) > 1e-299) {
      // Ends are computed: equal to within rounding.
      EXPECT_GE(value, axis.low - 1e-8 * std::abs(axis.low)) << what;
      EXPECT_LE(value, axis.high + 1e-8 * std::abs(axis.high)) << what;
    }
  }
}

std::vector<AxisOptions> all_options() {
  std::vector<AxisOptions> all;
  for (const Scale scale : {Scale::linear, Scale::log}) {
    for (const bool tight : {false, true}) {
      for (const bool horizontal : {false, true}) {
        for (const double length : {5.0, 80.0, 600.0}) {
          all.push_back({.scale = scale, .horizontal = horizontal, .length = length, .tight = tight});
        }
      }
    }
  }
  all.push_back({.integer = true, .tight = true});
  all.push_back({.integer = true});
  all.push_back({.from_zero = true});
  return all;
}

TEST(Axis, IsSoundForAwkwardValues) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<double>> cases = {{},
                                                  {0},
                                                  {1},
                                                  {-1},
                                                  {NAN},
                                                  {inf, -inf},
                                                  {NAN, 3, inf},
                                                  {7, 7, 7},
                                                  {1, 1 + 1e-15},
                                                  {5e-324},
                                                  {5e-324, 1e-323},
                                                  {1e-310, 1},
                                                  {1.7e308, -1.7e308},
                                                  {1.7e308},
                                                  {1e15, 1e15 + 1},
                                                  {123456789, 123456790},
                                                  {0.1, 0.3},
                                                  {0, 1e-12},
                                                  {1e-300, 1e300},
                                                  {99.99999999999, 100},
                                                  {2},
                                                  {5},
                                                  {1e-5},
                                                  {3.3, 3.4},
                                                  {-0.0, 0.0},
                                                  {1, 1e6},
                                                  {24}};
  for (const std::vector<double>& values : cases) {
    for (const AxisOptions& options : all_options()) expect_sound(values, options);
  }
}

RC_GTEST_PROP(Axis, IsSoundForAnyValues, (const std::vector<double>& values)) {
  for (const AxisOptions& options : all_options()) expect_sound(values, options);
  RC_ASSERT(!testing::Test::HasFailure());
}

// A tick of a linear axis is a whole multiple of 1, 2 or 5 times a power of ten.
RC_GTEST_PROP(LinearAxis, TicksAreRoundNumbers, ()) {
  const double low = *rc::gen::inRange(-1000000, 1000000) * 1e-3;
  const double width = *rc::gen::inRange(1, 1000000) * 1e-3;
  const Axis axis = make_axis({low, low + width}, {});
  const double step = axis.ticks[1].value - axis.ticks[0].value;
  const double mantissa = step / std::pow(10.0, std::floor(std::log10(step) + 1e-6));
  const bool round = std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 || std::abs(mantissa - 5) < 1e-6;
  RC_ASSERT(round);
  for (const Tick& tick : axis.ticks) RC_ASSERT(std::abs(tick.value / step - std::round(tick.value / step)) < 1e-6);
}

// A label reads back as its tick.
RC_GTEST_PROP(LinearAxis, LabelsTellTheValue, ()) {
  const double low = *rc::gen::inRange(-1000, 1000) * 0.01;
  const double width = *rc::gen::inRange(1, 100000) * 0.01;
  const Axis axis = make_axis({low, low + width}, {});
  const double step = axis.ticks[1].value - axis.ticks[0].value;
  for (const Tick& tick : axis.ticks) RC_ASSERT(std::abs(std::stod(tick.label) - tick.value) < 1e-6 * step);
}

RC_GTEST_PROP(Axis, LabelsDoNotTouch, ()) {
  const double low = *rc::gen::inRange(-100000, 100000);
  const double width = *rc::gen::inRange(1, 100000);
  const AxisOptions options{.length = static_cast<double>(*rc::gen::inRange(300, 900)), .font_size = 12};
  const Axis axis = make_axis({low, low + width}, options);
  double end = -1e9;
  for (const Tick& tick : axis.ticks) {
    const double centre = axis.fraction(tick.value) * options.length, half = text_width(tick.label, 12) / 2;
    RC_ASSERT(centre - half > end);
    end = centre + half;
  }
}

TEST(TextSize, CountsCodePointsAndShortens) {
  EXPECT_EQ(code_points("10⁻³"), 4U);
  EXPECT_EQ(shortened("abc", 10, 100), "abc");
  EXPECT_EQ(shortened("λλλλλλλλλλ", 10, 30), "λλλ…λ");
  EXPECT_EQ(shortened("abc", 10, 0), "…");
  EXPECT_EQ(shortened("explicit-long-name-16", 10, 58), "explic…-16");
}

}  // namespace
}  // namespace fathom::report
