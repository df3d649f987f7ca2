// How charts look: colours that hold on light and dark pages and for colour-blind eyes, and a dash
// and a marker for each, so that no line is known by its colour alone. Hues follow Okabe and Ito
// (2008, "Color Universal Design"), darkened for a white page and lightened for a dark one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fathom/report/xml.h"

namespace fathom::report {

inline constexpr int kColours = 8;

// The style sheet of a chart: classes f-* for its parts, f-line0..7 (stroke) and f-fill0..7 (fill)
// for the colours. Light by default and on paper, dark where the reader prefers a dark screen.
std::string chart_style();

// stroke-dasharray of the index-th series. Pairs of colour and dash repeat after 24 series.
std::string_view dash(int index);

std::string line_class(int index);                  // "f-line3"
std::string fill_class(int index);                  // "f-fill3"
std::array<std::uint8_t, 3> light_fill(int index);  // red, green, blue of f-fill3 on a light page

// The marker of the index-th series about (x, y): disc, square, triangle, diamond, turned triangle,
// cross
void draw_marker(Xml& xml, int index, double x, double y);

}  // namespace fathom::report
