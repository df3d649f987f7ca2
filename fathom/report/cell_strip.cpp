#include "fathom/report/cell_strip.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cmath>

#include "fathom/base/error.h"
#include "fathom/report/chart_frame.h"
#include "fathom/report/palette.h"

namespace fathom::report {

namespace {

constexpr double kGap = 16, kWidest = 960, kLargestCell = 14, kCellOfLetters = 20, kFieldRoom = 220;
constexpr double kBehindLetters = .35;

bool has_letters(const CellStrip& strip) { return !strip.frames.empty() && !strip.frames.front().letters.empty(); }

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
  layout.cell = std::min(has_letters(strip) ? kCellOfLetters : kLargestCell, room / longest);
  layout.width = layout.cell * static_cast<double>(strip.width);
  layout.height = strip.height == 1 ? kLargestCell : layout.cell * static_cast<double>(strip.height);
  layout.columns = std::max<std::int64_t>(1, static_cast<std::int64_t>((kWidest + kGap) / (layout.width + kGap)));
  layout.columns = std::min<std::int64_t>(layout.columns, std::max<std::size_t>(1, strip.frames.size()));
  return layout;
}

void draw_letters(Xml& xml, const CellStrip& strip, const CellFrame& frame, const Layout& layout, double left,
                  double top) {
  for (std::size_t i = 0; i < frame.letters.size(); ++i) {
    if (frame.letters[i] == ' ') continue;
    const auto row = static_cast<double>(static_cast<std::int64_t>(i) / strip.width),
               column = static_cast<double>(static_cast<std::int64_t>(i) % strip.width);
    draw_text(xml, left + layout.cell * (column + .5), top + layout.cell * (row + .5) + kFont * .35, Anchor::middle,
              std::string(1, frame.letters[i]));
  }
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
                        {"height", high},
                        {"fill-opacity", frame.letters.empty() ? 1.0 : kBehindLetters}});
    }
  }
  draw_letters(xml, strip, frame, layout, left, top);
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

void check(const CellStrip& strip, const CellFrame& frame) {
  base::require(static_cast<std::int64_t>(frame.cells.size()) == strip.height * strip.width, "report::to_svg",
                "cells of " + frame.name, frame.cells.size(), fmt::format("= {}", strip.height * strip.width),
                "give one value a cell");
  for (const std::uint8_t value : frame.cells) {
    base::require(value < strip.legend.size(), "report::to_svg", "cell of " + frame.name, int{value},
                  fmt::format("< {}", strip.legend.size()), "name every value in the legend");
  }
  base::require(frame.letters.empty() || frame.letters.size() == frame.cells.size(), "report::to_svg",
                "letters of " + frame.name, frame.letters.size(), fmt::format("= {}", frame.cells.size()),
                "give one a cell, ' ' for none");
}

// Digits of 3 x 5 points, a row in three bits from the top.
constexpr std::array<std::uint16_t, 10> kDigits = {075557, 026227, 071747, 071717, 055711,
                                                   074717, 074757, 071111, 075757, 075717};
constexpr int kFontWide = 3, kFontHigh = 5;

using Colour = std::array<std::uint8_t, 3>;

// The value's fill of the palette, or what is left of it behind a letter.
Colour colour_of(std::uint8_t value, bool behind_letters) {
  if (value == 0) return {255, 255, 255};
  Colour colour = light_fill(value - 1);
  for (std::uint8_t& part : colour)
    if (behind_letters) part = static_cast<std::uint8_t>(std::lround(255 - kBehindLetters * (255 - part)));
  return colour;
}

struct Square {
  std::int64_t top, left, height, width;
};

void paint(Raster& raster, const Square& at, const Colour& colour) {
  for (std::int64_t row = at.top; row < at.top + at.height; ++row) {
    for (std::int64_t column = at.left; column < at.left + at.width; ++column)
      std::copy(colour.begin(), colour.end(), raster.pixels.begin() + 3 * (row * raster.width + column));
  }
}

void paint_digit(Raster& raster, char letter, const Square& cell) {
  const std::int64_t point = std::max<std::int64_t>(1, cell.height / (kFontHigh + 3));
  if (letter < '0' || letter > '9' || cell.height < kFontHigh) return;
  const std::int64_t top = cell.top + (cell.height - point * kFontHigh) / 2,
                     left = cell.left + (cell.width - point * kFontWide) / 2;
  for (int bit = 0; bit < kFontWide * kFontHigh; ++bit) {
    if ((kDigits[static_cast<std::size_t>(letter - '0')] >> (kFontWide * kFontHigh - 1 - bit) & 1) == 0) continue;
    paint(raster, {top + point * (bit / kFontWide), left + point * (bit % kFontWide), point, point}, {28, 39, 51});
  }
}

}  // namespace

Raster to_raster(const CellStrip& strip, const CellFrame& frame, std::int64_t size) {
  base::require(size >= 1, "report::to_raster", "size", size, ">= 1", "a cell has a pixel");
  check(strip, frame);
  Raster raster{strip.height * size + 2, strip.width * size + 2, {}};
  raster.pixels.assign(static_cast<std::size_t>(3 * raster.height * raster.width), std::uint8_t{125});
  for (std::size_t i = 0; i < frame.cells.size(); ++i) {
    const Square cell{1 + static_cast<std::int64_t>(i) / strip.width * size,
                      1 + static_cast<std::int64_t>(i) % strip.width * size, size, size};
    paint(raster, cell, colour_of(frame.cells[i], !frame.letters.empty()));
    if (!frame.letters.empty()) paint_digit(raster, frame.letters[i], cell);
  }
  return raster;
}

std::string to_svg(const CellStrip& strip) {
  for (const CellFrame& frame : strip.frames) check(strip, frame);
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
