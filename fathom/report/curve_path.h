// From points in pixels to the path data of SVG.
#pragma once

#include <string>
#include <vector>

namespace fathom::report {

struct Point {
  double x = 0, y = 0;
};

// Runs of points without a gap: a point with a NaN coordinate ends a run and is dropped.
std::vector<std::vector<Point>> runs_of(const std::vector<Point>& points);

// At most four points per column of one pixel (first, lowest, highest, last), which draw the same
// picture: M4 aggregation, [Jugel2014] Proc. VLDB 7(10), section 4. Points in ascending x;
// a run of few points is returned as it is.
std::vector<Point> thinned(const std::vector<Point>& run);

// "M1 2L3 4": the line through the points.
std::string line_path(const std::vector<Point>& run);

// The closed area between two runs of equal length over the same x.
std::string area_path(const std::vector<Point>& upper, const std::vector<Point>& lower);

}  // namespace fathom::report
