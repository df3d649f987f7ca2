#include "fathom/report/bar_chart.h"

#include <cmath>
#include <limits>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/report/well_formed.h"

namespace fathom::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string body(const BarChart& chart) {
  const std::string svg = to_svg(chart);
  return svg.substr(svg.find("</style>"));
}

std::vector<double> bar_widths(const BarChart& chart) {
  const std::string svg = body(chart);
  const std::regex bar("width=\"([0-9.]+)\" height=\"17\"");
  std::vector<double> widths;
  for (auto it = std::sregex_iterator(svg.begin(), svg.end(), bar); it != std::sregex_iterator(); ++it) {
    widths.push_back(std::stod((*it)[1]));
  }
  return widths;
}

TEST(BarChart, LengthsAreInProportion) {
  const std::vector<double> widths = bar_widths({.bars = {{"a", "x", 0.2}, {"b", "x", 0.4}, {"c", "y", 0.6}}});
  ASSERT_EQ(widths.size(), 3U);
  EXPECT_NEAR(widths[1], 2 * widths[0], 0.02);  // of two decimals
  EXPECT_NEAR(widths[2], 3 * widths[0], 0.02);
}

TEST(BarChart, WritesValuesWhiskersAndKinds) {
  const std::string svg =
      body({.x_label = "error", .bars = {{"implicit-8", "implicit", 0.1709, 0.0042}, {"zero", "baseline", 0.62}}});
  EXPECT_THAT(svg, HasSubstr(">0.171 ± 0.0042<"));
  EXPECT_THAT(svg, HasSubstr(">0.620<"));
  EXPECT_THAT(svg, HasSubstr(">implicit<"));
  EXPECT_THAT(svg, HasSubstr(">baseline<"));
  EXPECT_THAT(svg, HasSubstr(">error<"));
  EXPECT_THAT(svg, HasSubstr("f-whisker"));
}

TEST(BarChart, SaysWhatWasNotMeasured) {
  const BarChart chart{.bars = {{"a", "x", NAN, 0.1}, {"b", "x", 1, NAN}}};
  EXPECT_THAT(body(chart), HasSubstr(">not measured<"));
  EXPECT_THAT(body(chart), Not(HasSubstr("f-whisker")));
  EXPECT_EQ(bar_widths(chart).size(), 1U);
}

TEST(BarChart, OneKindNeedsNoLegend) {
  EXPECT_THAT(body({.bars = {{"a", "only", 1}, {"b", "only", 2}}}), Not(HasSubstr(">only<")));
}

RC_GTEST_PROP(BarChart, AnyBarsGiveTheSameWellFormedPicture,
              (const std::vector<double>& values, const std::string& name)) {
  BarChart chart{.title = name, .caption = name, .x_label = name, .bars = {}};
  for (const double value : values) chart.bars.push_back({name, name, value, std::abs(value) / 3});
  const std::string svg = to_svg(chart);
  RC_ASSERT(WellFormed::check(svg) == "");
  RC_ASSERT(svg == to_svg(chart));
}

}  // namespace
}  // namespace fathom::report
