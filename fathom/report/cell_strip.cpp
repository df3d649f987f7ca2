#include "fathom/report/cell_strip.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"
#include "fathom/report/chart_frame.h"
#include "fathom/report/palette.h"

namespace fathom::report {

namespace {

constexpr double kGap = 16, kWidest = 960, kLargestCell = 14, kFieldRoom = 220;

struct Layout {
  double cell = 0, width = 0, height = 0;  // of a cell, of a field
  std::int64_t columns = 1;                // fields in a row
  double top = kMargin + kTitleFont + 16;
  double row() const { return height + kFont + kGap + 6; }
};

Layout layout_of(const CellStrip& strip) {
  const double room = strip.height == 1 ? kWidest : kFieldRoom;
  const auto longest = static_cast<double>(std::max<std::int64_t>({1, strip.width, strip.height}));
  Layout layout;
  layout.cell = std::min(kLargestCell, room / longest);
  layout.width = layout.cell * static_cast<double>(strip.width);
  layout.height = strip.height == 1 ? kLargestCell : layout.cell * static_cast<double>(strip.height);
  layout.columns = std::max<std::int64_t>(1, static_cast<std::int64_t>((kWidest + kGap) / (layout.width + kGap)));
  layout.columns = std::min<std::int64_t>(layout.columns, std::max<std::size_t>(1, strip.frames.size()));
  return layout;
}

// Neighbours of one value in a row are one rectangle.
void draw_field(Xml& xml, const CellStrip& strip, const CellFrame& frame, const Layout& layout, double left,
                double top) {
  const double high = layout.height / static_cast<double>(strip.height);
  for (std::int64_t row = 0; row < strip.height; ++row) {
    for (std::int64_t first = 0, last = 0; first < strip.width; first = last) {
      const std::uint8_t value = frame.cells[static_cast<std::size_t>(row * strip.width + first)];
      while (last < strip.width && frame.cells[static_cast<std::size_t>(row * strip.width + last)] == value) ++last;
      if (value == 0) continue;
      xml.leaf("rect", {{"class", fill_class(value - 1)},
                        {"x", left + layout.cell * static_cast<double>(first)},
                        {"y", top + high * static_cast<double>(row)},
                        {"width", layout.cell * static_cast<double>(last - first)},
                        {"height", high}});
    }
  }
  const double right = left + layout.width, bottom = top + layout.height;
  draw_segment(xml, left, top, right, top, "f-axis");
  draw_segment(xml, left, bottom, right, bottom, "f-axis");
  draw_segment(xml, left, top, left, bottom, "f-axis");
  draw_segment(xml, right, top, right, bottom, "f-axis");
  draw_text(xml, left + layout.width / 2, bottom + kFont + 4, Anchor::middle, frame.name);
  xml.newline();
}

void draw_legend(Xml& xml, const std::vector<std::string>& names, double width, double top) {
  const std::vector<LegendPlace> places = legend_places(names, kMargin, width - kMargin, top);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto [x, y] = places[i];
    xml.leaf("rect",
             {{"class", fill_class(static_cast<int>(i))}, {"x", x}, {"y", y - 6}, {"width", kSample}, {"height", 12}});
    draw_text(xml, x + kSample + 8, y + kFont * 0.35, Anchor::start, names[i]);
  }
}

void check(const CellStrip& strip) {
  for (const CellFrame& frame : strip.frames) {
    base::require(static_cast<std::int64_t>(frame.cells.size()) == strip.height * strip.width, "report::to_svg",
                  "cells of " + frame.name, frame.cells.size(), fmt::format("= {}", strip.height * strip.width),
                  "give one value a cell");
    for (const std::uint8_t value : frame.cells) {
      base::require(value < strip.legend.size(), "report::to_svg", "cell of " + frame.name, int{value},
                    fmt::format("< {}", strip.legend.size()), "name every value in the legend");
    }
  }
}

}  // namespace

std::string to_svg(const CellStrip& strip) {
  check(strip);
  const Layout layout = layout_of(strip);
  const auto count = static_cast<std::int64_t>(strip.frames.size());
  const std::int64_t rows = (count + layout.columns - 1) / layout.columns;
  const double width = 2 * kMargin + static_cast<double>(layout.columns) * (layout.width + kGap) - kGap;
  const double legend_top = layout.top + static_cast<double>(rows) * layout.row() + kMargin;
  const std::vector<std::string> named(strip.legend.begin() + (strip.legend.empty() ? 0 : 1), strip.legend.end());
  const double wide = std::max(width, 360.0);
  Xml xml;
  open_chart(xml, strip.title, strip.caption, wide,
             legend_top + legend_height(named, kMargin, wide - kMargin) + kMargin);
  for (std::int64_t i = 0; i < count; ++i) {
    draw_field(xml, strip, strip.frames[static_cast<std::size_t>(i)], layout,
               kMargin + static_cast<double>(i % layout.columns) * (layout.width + kGap),
               layout.top + static_cast<double>(i / layout.columns) * layout.row());
  }
  draw_legend(xml, named, wide, legend_top);
  return xml.take();
}

}  // namespace fathom::report
