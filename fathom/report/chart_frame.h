// What all charts share: the opening of the picture, text, axes with their grid, the legend.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fathom/report/axis.h"
#include "fathom/report/xml.h"

namespace fathom::report {

inline constexpr double kFont = 13, kTitleFont = 17;  // pixels of the viewBox
inline constexpr double kMargin = 14;
inline constexpr double kLegendRow = 22;

// A rectangle in pixels, y downwards.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

// <svg> with name, description, style and surface; Xml::take closes it.
void open_chart(Xml& xml, const std::string& title, const std::string& caption, double width, double height);

enum class Anchor { start, middle, end };

void draw_text(Xml& xml, double x, double y, Anchor anchor, std::string_view text, std::string_view style_class = "",
               double size = kFont);
void draw_segment(Xml& xml, double x1, double y1, double x2, double y2, std::string_view style_class);

// Grid lines across `plot` with their labels below (x) or at the left (y). Minor ticks of a log
// axis are short strokes.
void draw_x_axis(Xml& xml, const Axis& axis, const Box& plot);
void draw_y_axis(Xml& xml, const Axis& axis, const Box& plot);

double widest_label(const Axis& axis);

// A legend in rows. The sample of entry i (a line, a swatch) is drawn by the caller at the place
// that `entry` gives.
struct LegendPlace {
  double x = 0, y = 0;  // of the sample's left end, on its middle line
};
inline constexpr double kSample = 30;  // width of a sample

std::vector<LegendPlace> legend_places(const std::vector<std::string>& names, double left, double right, double top);
double legend_height(const std::vector<std::string>& names, double left, double right);

}  // namespace fathom::report
