#include "fathom/report/line_chart.h"

#include <cmath>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/report/palette.h"
#include "tests/report/well_formed.h"

namespace fathom::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

// The picture without its style sheet, which names every class.
std::string body(const LineChart& chart) {
  const std::string svg = to_svg(chart);
  return svg.substr(svg.find("</style>"));
}

LineChart one_line(std::vector<double> x, std::vector<double> y) {
  LineChart chart{.title = "Error", .caption = "what it shows"};
  chart.series.push_back({"model", std::move(x), std::move(y), {}, {}, false});
  return chart;
}

void expect_drawable(const LineChart& chart) {
  const std::string svg = to_svg(chart);
  EXPECT_EQ(WellFormed::check(svg), "");
  EXPECT_EQ(svg, to_svg(chart));
  EXPECT_THAT(body(chart), Not(testing::ContainsRegex("[^a-z](nan|inf)[^a-z]")));
}

TEST(LineChart, IsAScalableNamedPicture) {
  const std::string svg = to_svg(one_line({0, 1, 2}, {3, 2, 1}));
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
  EXPECT_THAT(svg, HasSubstr("<title>Error</title><desc>what it shows</desc>"));
  EXPECT_THAT(svg, testing::ContainsRegex("viewBox=\"0 0 760 [0-9.]+\""));
}

TEST(LineChart, DrawsALineThroughItsPoints) {
  LineChart chart = one_line({0, 1, 2}, {0, 1, 2});
  const std::string svg = body(chart);
  std::smatch path;
  ASSERT_TRUE(std::regex_search(
      svg, path, std::regex("f-series[^/]*d=\"M([0-9.]+) ([0-9.]+)L([0-9.]+) ([0-9.]+)L([0-9.]+) ([0-9.]+)\"")));
  const auto number = [&](int i) { return std::stod(path[i]); };
  EXPECT_NEAR(number(3) - number(1), number(5) - number(3), 0.011) << "equal steps to the right, to 2 decimals";
  EXPECT_NEAR(number(2) - number(4), number(4) - number(6), 0.011) << "equal steps up";
  EXPECT_GT(number(2), number(6));
}

TEST(LineChart, AGapSplitsTheLineAndALonePointIsMarked) {
  const std::string svg = body(one_line({0, 1, 2, 3, 4, 5}, {1, 2, NAN, 3, NAN, 1}));
  EXPECT_EQ(count(svg, "class=\"f-series"), 2U) << "one run of two points, one sample in the legend";
  EXPECT_EQ(count(svg, "<circle"), 2U) << "two runs of one point";
}

TEST(LineChart, SaysWhenThereIsNothingToDraw) {
  EXPECT_THAT(to_svg(LineChart{.title = "x"}), HasSubstr("no finite values"));
  EXPECT_THAT(to_svg(one_line({0, 1}, {NAN, INFINITY})), HasSubstr("no finite values"));
  LineChart log = one_line({0, 1}, {0, -1});
  log.y.scale = Scale::log;
  EXPECT_THAT(to_svg(log), HasSubstr("no finite values"));
  EXPECT_THAT(to_svg(one_line({0}, {1})), Not(HasSubstr("no finite values")));
}

TEST(LineChart, ABandNeedsBothEnds) {
  LineChart chart = one_line({0, 1, 2, 3, 4}, {1, 1, 1, 1, 1});
  chart.series[0].low = {0, 0, NAN, 0, 0};
  EXPECT_EQ(count(body(chart), "f-band"), 0U);
  chart.series[0].high = {2, 2, 2, 2, 2};
  EXPECT_EQ(count(body(chart), "f-band"), 2U);
}

TEST(LineChart, ABandThatReachesZeroDoesNotStretchALogAxis) {
  LineChart chart = one_line({0, 1}, {1, 0.5});
  chart.y.scale = Scale::log;
  chart.series[0].low = {-1, 1e-12};
  chart.series[0].high = {2, 2};
  const std::string svg = body(chart);
  EXPECT_EQ(count(svg, "f-band"), 1U);
  EXPECT_THAT(svg, Not(HasSubstr("10⁻")));
}

TEST(LineChart, LegendNamesEverySeriesAndStandsBelowThePlot) {
  LineChart chart;
  for (int i = 0; i < 20; ++i)
    chart.series.push_back({"series number " + std::to_string(i), {0, 1}, {0.0, 1.0 * i}, {}, {}});
  const std::string svg = body(chart);
  for (const Series& series : chart.series) {
    std::smatch place;
    ASSERT_TRUE(std::regex_search(svg, place, std::regex("y=\"([0-9.]+)\"[^<]*>" + series.name + "<"))) << series.name;
    EXPECT_GT(std::stod(place[1]), chart.height);
  }
}

TEST(LineChart, RulesAreLabelledOnceEach) {
  LineChart chart = one_line({0, 24}, {0.5, 0.2});
  chart.verticals = {{12, "training depth"}, {12.1, "tested"}, {NAN, "nowhere"}};
  chart.horizontals = {{0.6, "zero"}, {0.601, "midpoint"}};
  const std::string svg = body(chart);
  EXPECT_EQ(count(svg, "f-rule"), 4U);
  for (const char* label : {">training depth<", ">tested<", ">zero<", ">midpoint<"})
    EXPECT_EQ(count(svg, label), 1U) << label;
  EXPECT_EQ(count(svg, "nowhere"), 0U);
}

TEST(LineChart, LabelsOfCloseRulesKeepALineApart) {
  LineChart chart = one_line({0, 24}, {0.0, 1.0});
  for (int i = 0; i < 5; ++i) chart.horizontals.push_back({0.001 * i, "rule" + std::to_string(i)});
  const std::string svg = body(chart);
  std::set<double> heights;
  for (const Rule& rule : chart.horizontals) {
    std::smatch place;
    ASSERT_TRUE(std::regex_search(svg, place, std::regex("y=\"([0-9.]+)\"[^<]*>" + rule.label + "<")));
    heights.insert(std::stod(place[1]));
  }
  ASSERT_EQ(heights.size(), 5U);
  for (auto it = std::next(heights.begin()); it != heights.end(); ++it) EXPECT_GE(*it - *std::prev(it), 13);
}

TEST(LineChart, EscapesAllText) {
  const std::string nasty = "<b>&\"'</title>]]>";
  LineChart chart{.title = nasty, .caption = nasty, .x_label = nasty, .y_label = nasty};
  chart.series.push_back({nasty, {0, 1}, {0, 1}, {}, {}});
  chart.verticals = {{0.5, nasty}};
  chart.horizontals = {{0.5, nasty}};
  const std::string svg = to_svg(chart);
  EXPECT_EQ(WellFormed::check(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  EXPECT_EQ(count(svg, "&lt;b&gt;"), 8U) << "title twice, caption, two labels, two rules, legend";
}

TEST(LineChart, ManyPointsGiveABoundedPicture) {
  std::vector<double> x, y;
  for (int i = 0; i < 200000; ++i) {
    x.push_back(i);
    y.push_back(std::sin(i * 0.37));
  }
  EXPECT_LT(to_svg(one_line(x, y)).size(), 100000U) << "at most 4 points of 14 bytes in each of 760 columns";
}

TEST(LineChart, UnequalLengthsDrawWhatIsThere) {
  LineChart chart = one_line({0, 1, 2, 3}, {1, 2});
  chart.series[0].low = {0};
  chart.series[0].high = {3, 3, 3, 3, 3};
  expect_drawable(chart);
}

RC_GTEST_PROP(LineChart, AnyNumbersGiveTheSameWellFormedPicture,
              (const std::vector<double>& x, const std::vector<double>& y, const std::string& name, bool log)) {
  LineChart chart = one_line(x, y);
  chart.series[0].name = name;
  chart.series[0].low = y;
  chart.series[0].high = x;
  chart.y.scale = log ? Scale::log : Scale::linear;
  if (!y.empty()) chart.horizontals = {{y[0], name}};
  expect_drawable(chart);
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(Palette, SeriesDifferEvenWithoutColour) {
  std::set<std::string> looks;
  for (int i = 0; i < 3 * kColours; ++i) looks.insert(line_class(i) + std::string(dash(i)));
  EXPECT_EQ(looks.size(), 3U * kColours);
  std::set<std::string> dashes;
  for (int i = 0; i < 6; ++i) dashes.insert(std::string(dash(i)));
  EXPECT_EQ(dashes.size(), 6U);
}

// Relative luminance of WCAG 2.1.
double luminance(const std::string& hex) {
  const auto channel = [&](std::size_t at) {
    const double c = std::stoi(hex.substr(at, 2), nullptr, 16) / 255.0;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

double contrast(const std::string& a, const std::string& b) {
  const double high = std::max(luminance(a), luminance(b)), low = std::min(luminance(a), luminance(b));
  return (high + 0.05) / (low + 0.05);
}

TEST(Palette, LinesStandOutOnLightAndDarkPages) {
  const std::string style = chart_style();
  const std::size_t dark = style.find("@media");
  ASSERT_NE(dark, std::string::npos);
  for (int i = 0; i < kColours; ++i) {
    const std::string rule = "." + line_class(i) + " { stroke: ";
    const std::size_t light_at = style.find(rule), dark_at = style.find(rule, dark);
    ASSERT_LT(light_at, dark);
    ASSERT_NE(dark_at, std::string::npos);
    // WCAG 2.1, success criterion 1.4.11 asks 3:1 of graphics.
    EXPECT_GE(contrast(style.substr(light_at + rule.size(), 7), "#ffffff"), 3) << i;
    EXPECT_GE(contrast(style.substr(dark_at + rule.size(), 7), "#14181d"), 3) << i;
  }
}

}  // namespace
}  // namespace fathom::report
