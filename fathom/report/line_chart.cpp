#include "fathom/report/line_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "fathom/report/chart_frame.h"
#include "fathom/report/curve_path.h"
#include "fathom/report/palette.h"
#include "fathom/report/text_size.h"

namespace fathom::report {

namespace {

constexpr double kWidestRuleLabel = 200;

struct Layout {
  Box plot;
  Axis x, y;

  double at_x(double value) const { return plot.left + x.fraction(value) * plot.width(); }
  double at_y(double value) const { return plot.bottom - y.fraction(value) * plot.height(); }
};

bool has_band(const Series& series) { return !series.low.empty() && !series.high.empty(); }

std::size_t points_of(const Series& series) { return std::min(series.x.size(), series.y.size()); }

std::vector<std::string> names_of(const LineChart& chart) {
  std::vector<std::string> names;
  for (const Series& series : chart.series) names.push_back(shortened(series.name, kFont, chart.width / 2));
  return names;
}

std::vector<double> x_values(const LineChart& chart) {
  std::vector<double> values;
  for (const Series& series : chart.series) {
    values.insert(values.end(), series.x.begin(), series.x.begin() + static_cast<std::ptrdiff_t>(points_of(series)));
  }
  for (const Rule& rule : chart.verticals) values.push_back(rule.at);
  return values;
}

// The least positive value of a line, infinity if there is none.
double least_positive(const std::vector<Series>& lines) {
  double least = std::numeric_limits<double>::infinity();
  for (const Series& series : lines) {
    for (const double y : series.y) {
      if (y > 0) least = std::min(least, y);
    }
  }
  return least;
}

std::vector<double> y_values(const LineChart& chart) {
  std::vector<Series> lines = chart.series;
  lines.insert(lines.end(), chart.also_fit.begin(), chart.also_fit.end());
  std::vector<double> values;
  for (const Rule& rule : chart.horizontals) values.push_back(rule.at);
  // A band whose lower end is near zero would stretch a log axis over empty decades: it is cut a
  // factor 10 below the lines.
  const double cut =
      chart.y.scale == Scale::log ? least_positive(lines) / 10 : -std::numeric_limits<double>::infinity();
  for (const Series& series : lines) {
    values.insert(values.end(), series.y.begin(), series.y.end());
    values.insert(values.end(), series.high.begin(), series.high.end());
    for (const double low : series.low) values.push_back(std::max(low, cut));
  }
  return values;
}

double widest(const std::vector<Rule>& rules) {
  double width = 0;
  for (const Rule& rule : rules) width = std::max(width, text_width(rule.label, kFont));
  return std::min(width, kWidestRuleLabel);
}

Layout layout_of(const LineChart& chart) {
  Layout layout;
  const double label_rows = (chart.y_label.empty() ? 0 : 1) + (chart.verticals.empty() ? 0 : 1);
  layout.plot.top = kMargin + kTitleFont + 12 + 20 * label_rows;
  layout.plot.bottom = chart.height - kMargin - kFont - (chart.x_label.empty() ? 8 : 30);
  AxisOptions y = chart.y;
  y.horizontal = false;
  y.length = layout.plot.height();
  y.font_size = kFont;
  y.most_ticks = 7;
  layout.y = make_axis(y_values(chart), y);
  layout.plot.left = kMargin + widest_label(layout.y) + 9;
  layout.plot.right =
      chart.width - kMargin - std::max(10.0, widest(chart.horizontals) + (chart.horizontals.empty() ? 0 : 8));
  AxisOptions x = chart.x;
  x.horizontal = true;
  x.length = layout.plot.width();
  x.font_size = kFont;
  layout.x = make_axis(x_values(chart), x);
  return layout;
}

void draw_axis_labels(Xml& xml, const LineChart& chart, const Layout& layout) {
  const double y = kMargin + kTitleFont + 16;
  if (!chart.y_label.empty()) draw_text(xml, kMargin, y, Anchor::start, chart.y_label, "f-quiet");
  const double centre = (layout.plot.left + layout.plot.right) / 2;
  if (!chart.x_label.empty())
    draw_text(xml, centre, layout.plot.bottom + 30 + kFont, Anchor::middle, chart.x_label, "f-quiet");
}

// Labels of vertical rules stand above the plot, pushed inside its ends and behind the label
// before.
void draw_verticals(Xml& xml, const LineChart& chart, const Layout& layout) {
  std::vector<Rule> rules = chart.verticals;
  std::stable_sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) { return a.at < b.at; });
  double free_from = layout.plot.left;
  for (const Rule& rule : rules) {
    const double x = layout.at_x(rule.at);
    if (!std::isfinite(x)) continue;
    draw_segment(xml, x, layout.plot.top - 4, x, layout.plot.bottom, "f-rule");
    const std::string label = shortened(rule.label, kFont, kWidestRuleLabel);
    const double width = text_width(label, kFont);
    const double start = std::max(free_from, std::min(x - width / 2, layout.plot.right - width));
    draw_text(xml, start, layout.plot.top - 9, Anchor::start, label, "f-quiet");
    free_from = start + width + kFont;
  }
}

// Heights of labels kept one line apart: pushed down from the highest, then up from the bottom of
// the plot.
std::vector<double> spread_out(std::vector<double> heights, const Box& plot) {
  constexpr double kLine = kFont + 3;
  std::vector<std::size_t> order(heights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return heights[a] < heights[b]; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    heights[order[i]] = std::max(heights[order[i]], heights[order[i - 1]] + kLine);
  }
  double limit = plot.bottom;
  for (std::size_t i = order.size(); i-- > 0; limit = heights[order[i]] - kLine) {
    heights[order[i]] = std::min(heights[order[i]], limit);
  }
  return heights;
}

void draw_horizontals(Xml& xml, const LineChart& chart, const Layout& layout) {
  std::vector<double> heights;
  std::vector<std::string> labels;
  for (const Rule& rule : chart.horizontals) {
    const double y = layout.at_y(rule.at);
    if (!std::isfinite(y)) continue;
    draw_segment(xml, layout.plot.left, y, layout.plot.right, y, "f-rule");
    heights.push_back(y);
    labels.push_back(shortened(rule.label, kFont, kWidestRuleLabel));
  }
  heights = spread_out(heights, layout.plot);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    draw_text(xml, layout.plot.right + 8, heights[i] + kFont * 0.35, Anchor::start, labels[i], "f-quiet");
  }
}

void draw_band(Xml& xml, const Series& series, int index, const Layout& layout) {
  const std::size_t count = std::min({points_of(series), series.low.size(), series.high.size()});
  std::vector<Point> upper, lower;
  const auto flush = [&] {
    if (upper.size() > 1) {
      xml.leaf("path", {{"class", "f-band " + fill_class(index)}, {"d", area_path(upper, lower)}});
    }
    upper.clear();
    lower.clear();
  };
  for (std::size_t i = 0; i < count; ++i) {
    // On a log axis what reaches down to zero is drawn down to the axis.
    const double low = layout.y.scale == Scale::log && series.low[i] <= 0 ? layout.y.low : series.low[i];
    const Point top{layout.at_x(series.x[i]), layout.at_y(series.high[i])};
    const Point bottom{top.x, layout.at_y(low)};
    if (!std::isfinite(top.x) || !std::isfinite(top.y) || !std::isfinite(bottom.y) || !std::isfinite(series.y[i])) {
      flush();
      continue;
    }
    upper.push_back(top);
    lower.push_back(bottom);
  }
  flush();
}

void draw_stroke(Xml& xml, int index, const std::string& path) {
  xml.leaf("path", {{"class", "f-series " + line_class(index)}, {"stroke-dasharray", dash(index)}, {"d", path}});
}

// About eight markers along a run; those of different series are staggered, so that flat neighbours
// do not hide each other's.
void draw_markers(Xml& xml, const std::vector<Point>& run, int index) {
  const std::size_t step = std::max<std::size_t>(1, run.size() / 8);
  const std::size_t first = static_cast<std::size_t>(index) * step / 4 % step;
  for (std::size_t i = first; i < run.size(); i += step) draw_marker(xml, index, run[i].x, run[i].y);
}

void draw_series(Xml& xml, const Series& series, int index, const Layout& layout) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < points_of(series); ++i)
    points.push_back({layout.at_x(series.x[i]), layout.at_y(series.y[i])});
  for (const std::vector<Point>& run : runs_of(points)) {
    if (run.size() > 1) draw_stroke(xml, index, line_path(thinned(run)));
    if (series.markers || run.size() == 1) draw_markers(xml, run, index);
  }
  xml.newline();
}

void draw_legend(Xml& xml, const LineChart& chart, double top) {
  const std::vector<std::string> names = names_of(chart);
  const std::vector<LegendPlace> places = legend_places(names, kMargin, chart.width - kMargin, top);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto [x, y] = places[i];
    const int index = static_cast<int>(i);
    draw_stroke(xml, index, line_path({{x, y}, {x + kSample, y}}));
    if (chart.series[i].markers) draw_marker(xml, index, x + kSample / 2, y);
    draw_text(xml, x + kSample + 8, y + kFont * 0.35, Anchor::start, names[i]);
  }
  xml.newline();
}

// Nothing to draw is said in words.
void draw_if_empty(Xml& xml, const LineChart& chart, const Layout& layout) {
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < points_of(series); ++i) {
      if (std::isfinite(layout.at_x(series.x[i])) && std::isfinite(layout.at_y(series.y[i]))) return;
    }
  }
  const Box& plot = layout.plot;
  draw_text(xml, (plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2, Anchor::middle, "no finite values",
            "f-quiet");
}

}  // namespace

std::string to_svg(const LineChart& chart) {
  const Layout layout = layout_of(chart);
  const double legend = legend_height(names_of(chart), kMargin, chart.width - kMargin);
  Xml xml;
  open_chart(xml, chart.title, chart.caption, chart.width, chart.height + (legend > 0 ? legend + kMargin : 0));
  draw_axis_labels(xml, chart, layout);
  draw_x_axis(xml, layout.x, layout.plot);
  draw_y_axis(xml, layout.y, layout.plot);
  draw_verticals(xml, chart, layout);
  draw_horizontals(xml, chart, layout);
  const int count = static_cast<int>(chart.series.size());
  for (int i = 0; i < count; ++i) {
    if (has_band(chart.series[static_cast<std::size_t>(i)]))
      draw_band(xml, chart.series[static_cast<std::size_t>(i)], i, layout);
  }
  for (int i = 0; i < count; ++i) draw_series(xml, chart.series[static_cast<std::size_t>(i)], i, layout);
  draw_if_empty(xml, chart, layout);
  if (legend > 0) draw_legend(xml, chart, chart.height);
  return xml.take();
}

}  // namespace fathom::report
