// Horizontal bars with whiskers, for comparing models, as a self-contained SVG.
#pragma once

#include <string>
#include <vector>

namespace fathom::report {

struct Bar {
  std::string name;
  std::string kind;   // bars of a kind share a colour, explained in the legend
  double value = 0;   // not finite: the words "not measured" stand for the bar
  double spread = 0;  // half the whisker; none when 0 or not finite
};

struct BarChart {
  std::string title, caption;
  std::string x_label;
  std::vector<Bar> bars;  // drawn from the top
  double width = 760;     // of the viewBox; the height follows from the bars
};

std::string to_svg(const BarChart& chart);

}  // namespace fathom::report
