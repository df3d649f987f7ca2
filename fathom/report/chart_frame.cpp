#include "fathom/report/chart_frame.h"

#include <algorithm>

#include <fmt/format.h>

#include "fathom/report/palette.h"
#include "fathom/report/text_size.h"

namespace fathom::report {

void open_chart(Xml& xml, const std::string& title, const std::string& caption, double width, double height) {
  xml.open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                   {"class", "f-chart"},
                   {"viewBox", fmt::format("0 0 {} {}", coordinate(width), coordinate(height))},
                   {"width", width},
                   {"height", height},
                   {"role", "img"}});
  xml.text("title", {}, title);
  if (!caption.empty()) xml.text("desc", {}, caption);
  xml.open("style");
  xml.raw(chart_style());
  xml.close();
  xml.newline();
  xml.leaf("rect", {{"class", "f-surface"}, {"width", width}, {"height", height}});
  draw_text(xml, kMargin, kMargin + kTitleFont - 3, Anchor::start, shortened(title, kTitleFont, width - 2 * kMargin),
            "f-title", kTitleFont);
  xml.newline();
}

void draw_text(Xml& xml, double x, double y, Anchor anchor, std::string_view text, std::string_view style_class,
               double size) {
  static constexpr std::string_view kAnchors[] = {"start", "middle", "end"};
  xml.text("text",
           {{"x", x},
            {"y", y},
            {"class", style_class},
            {"font-size", size},
            {"text-anchor", kAnchors[static_cast<int>(anchor)]}},
           text);
}

void draw_segment(Xml& xml, double x1, double y1, double x2, double y2, std::string_view style_class) {
  xml.leaf("line", {{"class", style_class}, {"x1", x1}, {"y1", y1}, {"x2", x2}, {"y2", y2}});
}

void draw_x_axis(Xml& xml, const Axis& axis, const Box& plot) {
  for (const Tick& tick : axis.ticks) {
    const double x = plot.left + axis.fraction(tick.value) * plot.width();
    const bool major = !tick.label.empty();
    if (major) draw_segment(xml, x, plot.top, x, plot.bottom, "f-grid");
    draw_segment(xml, x, plot.bottom, x, plot.bottom + (major ? 5 : 3), "f-axis");
    if (major) draw_text(xml, x, plot.bottom + 8 + kFont, Anchor::middle, tick.label);
  }
  draw_segment(xml, plot.left, plot.bottom, plot.right, plot.bottom, "f-axis");
  xml.newline();
}

void draw_y_axis(Xml& xml, const Axis& axis, const Box& plot) {
  for (const Tick& tick : axis.ticks) {
    const double y = plot.bottom - axis.fraction(tick.value) * plot.height();
    const bool major = !tick.label.empty();
    if (major) draw_segment(xml, plot.left, y, plot.right, y, "f-grid");
    draw_segment(xml, plot.left - (major ? 5 : 3), y, plot.left, y, "f-axis");
    if (major) draw_text(xml, plot.left - 9, y + kFont * 0.35, Anchor::end, tick.label);
  }
  draw_segment(xml, plot.left, plot.top, plot.left, plot.bottom, "f-axis");
  xml.newline();
}

double widest_label(const Axis& axis) {
  double widest = 0;
  for (const Tick& tick : axis.ticks) widest = std::max(widest, text_width(tick.label, kFont));
  return widest;
}

std::vector<LegendPlace> legend_places(const std::vector<std::string>& names, double left, double right, double top) {
  constexpr double kGap = 8, kBetween = 24;
  std::vector<LegendPlace> places;
  double x = left, y = top + kLegendRow / 2;
  for (const std::string& name : names) {
    const double width = kSample + kGap + text_width(name, kFont);
    if (x > left && x + width > right) {
      x = left;
      y += kLegendRow;
    }
    places.push_back({x, y});
    x += width + kBetween;
  }
  return places;
}

double legend_height(const std::vector<std::string>& names, double left, double right) {
  if (names.empty()) return 0;
  return legend_places(names, left, right, 0).back().y + kLegendRow / 2;
}

}  // namespace fathom::report
