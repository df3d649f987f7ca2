#include "fathom/report/curve_path.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace fathom::report {
namespace {

TEST(CurvePath, GapsSplitALineIntoRuns) {
  const auto runs = runs_of({{0, NAN}, {1, 1}, {2, 2}, {3, INFINITY}, {4, NAN}, {5, 5}, {NAN, 6}});
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].size(), 2U);
  EXPECT_EQ(runs[1].size(), 1U);
  EXPECT_EQ(runs[1][0].x, 5);
  EXPECT_TRUE(runs_of({}).empty());
}

TEST(CurvePath, WritesMovesAndLines) {
  EXPECT_EQ(line_path({{1, 2}, {3.5, 4}}), "M1 2L3.5 4");
  EXPECT_EQ(area_path({{0, 1}, {2, 1}}, {{0, 3}, {2, 4}}), "M0 1L2 1L2 4L0 3Z");
  EXPECT_EQ(line_path({}), "");
}

RC_GTEST_PROP(CurvePath, ThinningKeepsEndsAndExtremesOfEveryColumn, ()) {
  const int columns = *rc::gen::inRange(1, 20), per_column = *rc::gen::inRange(1, 30);
  std::vector<Point> run;
  for (int c = 0; c < columns; ++c) {
    for (int i = 0; i < per_column; ++i) run.push_back({c + i / 30.0, static_cast<double>(*rc::gen::inRange(0, 1000))});
  }
  const std::vector<Point> thin = thinned(run);
  RC_ASSERT(thin.size() <= static_cast<std::size_t>(4 * columns));
  RC_ASSERT(std::is_sorted(thin.begin(), thin.end(), [](Point a, Point b) { return a.x < b.x; }));
  for (int c = 0; c < columns; ++c) {
    const auto extent = [c](const std::vector<Point>& points) {
      double low = INFINITY, high = -INFINITY;
      for (const Point p : points) {
        if (std::floor(p.x) == c) low = std::min(low, p.y), high = std::max(high, p.y);
      }
      return std::pair(low, high);
    };
    RC_ASSERT(extent(thin) == extent(run));
  }
  RC_ASSERT(thin.front().y == run.front().y && thin.back().y == run.back().y);
}

}  // namespace
}  // namespace fathom::report
