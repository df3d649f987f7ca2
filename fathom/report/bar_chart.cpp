#include "fathom/report/bar_chart.h"

#include <algorithm>
#include <cmath>

#include "fathom/report/axis.h"
#include "fathom/report/chart_frame.h"
#include "fathom/report/number_text.h"
#include "fathom/report/palette.h"
#include "fathom/report/text_size.h"

namespace fathom::report {

namespace {

constexpr double kRow = 30, kBarHeight = 17, kNameGap = 10, kWidestName = 240;

struct Layout {
  Box plot;
  Axis x;
  double row_start(std::size_t i) const { return plot.top + kRow * static_cast<double>(i); }
  double at_x(double value) const { return plot.left + x.fraction(value) * plot.width(); }
};

bool has_whisker(const Bar& bar) { return std::isfinite(bar.value) && std::isfinite(bar.spread) && bar.spread > 0; }

// The kinds in the order of their first bar.
std::vector<std::string> kinds_of(const BarChart& chart) {
  std::vector<std::string> kinds;
  for (const Bar& bar : chart.bars) {
    if (std::find(kinds.begin(), kinds.end(), bar.kind) == kinds.end()) kinds.push_back(bar.kind);
  }
  return kinds;
}

// Baselines are grey, the others take colours in their order.
int colour_of(const std::vector<std::string>& kinds, const std::string& kind) {
  if (kind == "baseline") return kColours - 1;
  return static_cast<int>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin());
}

std::vector<std::string> value_texts(const BarChart& chart) {
  std::vector<double> values;
  for (const Bar& bar : chart.bars) values.push_back(bar.value);
  std::vector<std::string> texts = column_text(values);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!std::isfinite(values[i])) texts[i] = "not measured";
    if (has_whisker(chart.bars[i])) texts[i] += " ± " + significant(chart.bars[i].spread, 2);
  }
  return texts;
}

double widest(const std::vector<std::string>& texts) {
  double width = 0;
  for (const std::string& text : texts) width = std::max(width, text_width(text, kFont));
  return width;
}

Layout layout_of(const BarChart& chart, const std::vector<std::string>& texts) {
  double widest_name = 0;
  std::vector<double> ends;
  for (const Bar& bar : chart.bars) {
    widest_name = std::max(widest_name, text_width(bar.name, kFont));
    ends.push_back(bar.value);
    if (has_whisker(bar)) ends.insert(ends.end(), {bar.value - bar.spread, bar.value + bar.spread});
  }
  Layout layout;
  layout.plot.left = kMargin + std::min(widest_name, kWidestName) + kNameGap;
  layout.plot.right = std::max(layout.plot.left + 60, chart.width - kMargin - widest(texts) - 14);
  layout.plot.top = kMargin + kTitleFont + 16;
  layout.plot.bottom = layout.plot.top + kRow * static_cast<double>(std::max<std::size_t>(1, chart.bars.size()));
  layout.x = make_axis(ends, {.length = layout.plot.width(), .font_size = kFont, .most_ticks = 7, .from_zero = true});
  return layout;
}

void draw_whisker(Xml& xml, const Bar& bar, const Layout& layout, double y) {
  const double low = layout.at_x(bar.value - bar.spread), high = layout.at_x(bar.value + bar.spread);
  draw_segment(xml, low, y, high, y, "f-whisker");
  draw_segment(xml, low, y - 5, low, y + 5, "f-whisker");
  draw_segment(xml, high, y - 5, high, y + 5, "f-whisker");
}

void draw_bar(Xml& xml, const Bar& bar, int colour, const std::string& text, const Layout& layout, double y) {
  draw_text(xml, layout.plot.left - kNameGap, y + kFont * 0.35, Anchor::end, shortened(bar.name, kFont, kWidestName));
  double end = layout.at_x(0);
  if (std::isfinite(bar.value)) {
    const double zero = layout.at_x(0), tip = layout.at_x(bar.value);
    xml.leaf("rect", {{"class", "f-bar " + fill_class(colour)},
                      {"x", std::min(zero, tip)},
                      {"y", y - kBarHeight / 2},
                      {"width", std::abs(tip - zero)},
                      {"height", kBarHeight},
                      {"rx", 2}});
    end = std::max(zero, tip);
  }
  if (has_whisker(bar)) {
    draw_whisker(xml, bar, layout, y);
    end = std::max(end, layout.at_x(bar.value + bar.spread));
  }
  draw_text(xml, end + 7, y + kFont * 0.35, Anchor::start, text);
  xml.newline();
}

void draw_legend(Xml& xml, const std::vector<std::string>& kinds, double width, double top) {
  const std::vector<LegendPlace> places = legend_places(kinds, kMargin, width - kMargin, top);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto [x, y] = places[i];
    xml.leaf("rect", {{"class", "f-bar " + fill_class(colour_of(kinds, kinds[i]))},
                      {"x", x},
                      {"y", y - 6},
                      {"width", kSample},
                      {"height", 12},
                      {"rx", 2}});
    draw_text(xml, x + kSample + 8, y + kFont * 0.35, Anchor::start, kinds[i]);
  }
}

}  // namespace

std::string to_svg(const BarChart& chart) {
  const std::vector<std::string> texts = value_texts(chart);
  const std::vector<std::string> kinds = kinds_of(chart);
  const Layout layout = layout_of(chart, texts);
  const bool legend = kinds.size() > 1;
  const double legend_top = layout.plot.bottom + (chart.x_label.empty() ? 30 : 52);
  const double height = legend_top + kMargin + (legend ? legend_height(kinds, kMargin, chart.width - kMargin) : 0);
  Xml xml;
  open_chart(xml, chart.title, chart.caption, chart.width, height);
  draw_x_axis(xml, layout.x, layout.plot);
  if (!chart.x_label.empty()) {
    draw_text(xml, (layout.plot.left + layout.plot.right) / 2, layout.plot.bottom + 30 + kFont, Anchor::middle,
              chart.x_label, "f-quiet");
  }
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    draw_bar(xml, chart.bars[i], colour_of(kinds, chart.bars[i].kind), texts[i], layout,
             layout.row_start(i) + kRow / 2);
  }
  const double zero = layout.at_x(0);
  draw_segment(xml, zero, layout.plot.top, zero, layout.plot.bottom, "f-axis");
  if (legend) draw_legend(xml, kinds, chart.width, legend_top);
  return xml.take();
}

}  // namespace fathom::report
