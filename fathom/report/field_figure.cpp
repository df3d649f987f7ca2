#include "fathom/report/field_figure.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "fathom/base/error.h"
#include "fathom/report/chart_frame.h"
#include "fathom/report/colour_scale.h"
#include "fathom/report/number_text.h"
#include "fathom/report/png_image.h"

namespace fathom::report {

namespace {

using Panel = base::FieldFigure::Panel;

constexpr std::int64_t kPixelGap = 6;  // between the panels of a PNG picture
constexpr std::uint8_t kMiddle = 128, kGreatest = 255;
constexpr double kSide = 168, kGap = 18;  // of a panel's longer side, between panels
constexpr double kTextRoom = 2 * kFont + 12;
constexpr double kBarWidth = 240, kBarHeight = 12, kBarRoom = kBarHeight + kFont + 26;

bool is_signed(const Panel& panel) { return panel.low < 0 && panel.low == -panel.high; }

std::string range_of(const Panel& panel) {
  if (!panel.rgb.empty()) return panel.note;
  if (is_signed(panel)) return "± " + significant(panel.high, 3);
  return significant(panel.low, 3) + " to " + significant(panel.high, 3);
}

void draw_image(Xml& xml, const std::vector<std::uint8_t>& png, const Box& box) {
  xml.leaf("image", {{"x", box.left},
                     {"y", box.top},
                     {"width", box.width()},
                     {"height", box.height()},
                     {"preserveAspectRatio", "none"},
                     {"href", data_uri(png)}});
}

void draw_border(Xml& xml, const Box& box) {
  draw_segment(xml, box.left, box.top, box.right, box.top, "f-axis");
  draw_segment(xml, box.left, box.bottom, box.right, box.bottom, "f-axis");
  draw_segment(xml, box.left, box.top, box.left, box.bottom, "f-axis");
  draw_segment(xml, box.right, box.top, box.right, box.bottom, "f-axis");
}

void draw_panel(Xml& xml, const base::FieldFigure& figure, const Panel& panel, const Box& box) {
  if (panel.level.empty() && panel.rgb.empty()) return;
  const ColourScale& colours = is_signed(panel) ? diverging_colours() : sequential_colours();
  draw_image(xml,
             panel.rgb.empty() ? png_image(figure.height, figure.width, panel.level, colours)
                               : png_image(figure.height, figure.width, panel.rgb),
             box);
  draw_border(xml, box);
  const double middle = (box.left + box.right) / 2;
  draw_text(xml, middle, box.bottom + kFont + 4, Anchor::middle, panel.title);
  draw_text(xml, middle, box.bottom + 2 * kFont + 8, Anchor::middle, range_of(panel), "f-quiet");
  xml.newline();
}

// A strip of the 256 colours with what its ends stand for.
void draw_bar(Xml& xml, bool of_signed, double top) {
  std::array<std::uint8_t, 256> levels;
  std::iota(levels.begin(), levels.end(), std::uint8_t{0});
  const Box box{kMargin, top, kMargin + kBarWidth, top + kBarHeight};
  draw_image(xml, png_image(1, 256, levels, of_signed ? diverging_colours() : sequential_colours()), box);
  draw_border(xml, box);
  const double baseline = box.bottom + kFont + 4;
  draw_text(xml, box.left, baseline, Anchor::start, of_signed ? "− range" : "least", "f-quiet");
  if (of_signed) draw_text(xml, (box.left + box.right) / 2, baseline, Anchor::middle, "0", "f-quiet");
  draw_text(xml, box.right, baseline, Anchor::end, of_signed ? "+ range" : "greatest", "f-quiet");
}

}  // namespace

std::vector<std::uint8_t> to_png(const base::FieldFigure& figure, std::int64_t scale) {
  base::require(scale >= 1, "report::to_png", "scale", scale, ">= 1", "a point needs a pixel");
  const auto count = static_cast<std::int64_t>(figure.panels.size());
  const std::int64_t columns = std::clamp<std::int64_t>(figure.columns, 1, std::max<std::int64_t>(1, count));
  const std::int64_t rows = (count + columns - 1) / columns;
  const std::int64_t step_x = figure.width * scale + kPixelGap, step_y = figure.height * scale + kPixelGap;
  const std::int64_t width = columns * step_x - kPixelGap, height = rows * step_y - kPixelGap;
  const bool all_signed = count == 0 || is_signed(figure.panels.front());
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(std::max<std::int64_t>(0, width * height)),
                                   all_signed ? kMiddle : kGreatest);
  for (std::int64_t i = 0; i < count; ++i) {
    const Panel& panel = figure.panels[static_cast<std::size_t>(i)];
    if (!panel.rgb.empty())
      base::fail("report::to_png", "'{}' is a colour picture; only fields are joined", panel.title);
    if (panel.level.empty()) continue;
    if (is_signed(panel) != all_signed)
      base::fail("report::to_png", "'{}' is signed and others are not; a picture has one set of colours", panel.title);
    if (static_cast<std::int64_t>(panel.level.size()) != figure.height * figure.width)
      base::fail("report::to_png", "'{}' has {} points violates = {}", panel.title, panel.level.size(),
                 figure.height * figure.width);
    for (std::int64_t y = 0; y < figure.height * scale; ++y) {
      for (std::int64_t x = 0; x < figure.width * scale; ++x) {
        const std::int64_t to = (i / columns * step_y + y) * width + i % columns * step_x + x;
        pixels[static_cast<std::size_t>(to)] =
            panel.level[static_cast<std::size_t>(y / scale * figure.width + x / scale)];
      }
    }
  }
  return png_image(height, width, pixels, all_signed ? diverging_colours() : sequential_colours());
}

std::string to_svg(const base::FieldFigure& figure) {
  const auto longest = static_cast<double>(std::max<std::int64_t>({1, figure.height, figure.width}));
  const double width = kSide * static_cast<double>(figure.width) / longest,
               height = kSide * static_cast<double>(figure.height) / longest;
  const auto count = static_cast<std::int64_t>(figure.panels.size());
  const std::int64_t columns = std::clamp<std::int64_t>(figure.columns, 1, std::max<std::int64_t>(1, count));
  const std::int64_t rows = (count + columns - 1) / columns;
  const double bar_top = kMargin + static_cast<double>(rows) * (height + kTextRoom + kGap);
  const bool fields =
      std::none_of(figure.panels.begin(), figure.panels.end(), [](const Panel& p) { return !p.rgb.empty(); });
  const double wide =
      std::max(2 * kMargin + static_cast<double>(columns) * (width + kGap) - kGap, 2 * kMargin + kBarWidth);
  Xml xml;
  open_chart(xml, "", figure.caption, wide, fields ? bar_top + kBarRoom : bar_top);
  for (std::int64_t i = 0; i < count; ++i) {
    const double left = kMargin + static_cast<double>(i % columns) * (width + kGap);
    const double top = kMargin + static_cast<double>(i / columns) * (height + kTextRoom + kGap);
    draw_panel(xml, figure, figure.panels[static_cast<std::size_t>(i)], {left, top, left + width, top + height});
  }
  if (fields) draw_bar(xml, count == 0 || is_signed(figure.panels.front()), bar_top);
  return xml.take();
}

}  // namespace fathom::report
