// A line chart as a self-contained SVG: lines with bands over linear or logarithmic axes, vertical
// and horizontal rules with labels, a legend below the plot. The same chart gives the same bytes
// everywhere.
#pragma once

#include <string>
#include <vector>

#include "fathom/report/axis.h"

namespace fathom::report {

// One line. y[i] belongs to x[i]; a NaN or infinite y (or y <= 0 on a log axis) is a gap. Lengths
// may differ: the shortest counts. The band low..high is drawn where both ends are finite; on a log
// axis an end <= 0 is drawn at the axis' lower end.
struct Series {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> low, high;  // both empty: no band
  bool markers = true;            // a few along the line; single points are always marked
};

struct Rule {
  double at = 0;
  std::string label;
};

struct LineChart {
  std::string title;    // also the name that a screen reader says
  std::string caption;  // its description; not drawn
  std::string x_label, y_label;
  AxisOptions x = {.integer = true, .tight = true};  // length, font_size and horizontal are set by the chart
  AxisOptions y = {};
  std::vector<Series> series;
  std::vector<Rule> verticals;    // "training depth": labelled above the plot
  std::vector<Rule> horizontals;  // "predict zero": labelled at the right
  std::vector<Series> also_fit;   // not drawn, but covered by the y axis: charts side by side share a range
  double width = 760,
         height = 420;  // of the viewBox; the picture scales. The legend adds to the height.
};

std::string to_svg(const LineChart& chart);

}  // namespace fathom::report
