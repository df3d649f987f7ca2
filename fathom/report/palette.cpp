#include "fathom/report/palette.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace fathom::report {

namespace {

struct Colour {
  std::string_view light, dark;
};

constexpr std::array<Colour, kColours> kPalette = {{{"#0065a8", "#62b5f0"},    // blue
                                                    {"#c94f00", "#ff9a5c"},    // vermillion
                                                    {"#00805e", "#3fd0a4"},    // green
                                                    {"#9c3d80", "#ea9bcf"},    // purple
                                                    {"#8a6800", "#e8c04a"},    // amber
                                                    {"#3b7f9e", "#9fdcf5"},    // sky
                                                    {"#6b4c3b", "#cfa58f"},    // brown
                                                    {"#555555", "#c4c4c4"}}};  // grey

constexpr std::array<std::string_view, 6> kDashes = {"none", "7 3", "2 2.5", "9 3 2 3", "14 4", "5 2 2 2 2 2"};

constexpr std::string_view kParts = R"(
.f-chart { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif }
.f-chart text { fill: #1c2733 }
.f-chart .f-quiet { fill: #566270 }
.f-title { font-weight: 600 }
.f-surface { fill: #fff }
.f-grid { stroke: #e3e7eb; stroke-width: 1 }
.f-axis { stroke: #7d8893; stroke-width: 1 }
.f-rule { stroke: #566270; stroke-width: 1.2; stroke-dasharray: 4 3 }
.f-series { fill: none; stroke-width: 2; stroke-linejoin: round }
.f-band { stroke: none; fill-opacity: .13 }
.f-bar { fill-opacity: .8 }
.f-whisker { stroke: #1c2733; stroke-width: 1.5 }
)";

constexpr std::string_view kDarkParts = R"(
.f-chart text { fill: #e6eaee }
.f-chart .f-quiet { fill: #a3aeb9 }
.f-surface { fill: #14181d }
.f-grid { stroke: #2a3138 }
.f-rule { stroke: #a3aeb9 }
.f-band { fill-opacity: .2 }
.f-whisker { stroke: #fff }
)";

std::string colours(std::string_view Colour::*tone) {
  std::string out;
  for (int i = 0; i < kColours; ++i) {
    const std::string_view colour = kPalette[static_cast<std::size_t>(i)].*tone;
    out += fmt::format(".f-line{0} {{ stroke: {1} }} .f-fill{0} {{ fill: {1} }}\n", i, colour);
  }
  return out;
}

}  // namespace

std::string chart_style() {
  return fmt::format("{}{}@media screen and (prefers-color-scheme: dark) {{{}{}}}\n", kParts, colours(&Colour::light),
                     kDarkParts, colours(&Colour::dark));
}

std::array<std::uint8_t, 3> light_fill(int index) {
  const std::string_view hex = kPalette[static_cast<std::size_t>(index % kColours)].light;
  std::array<std::uint8_t, 3> colour{};
  for (std::size_t i = 0; i < 3; ++i) std::from_chars(hex.data() + 1 + 2 * i, hex.data() + 3 + 2 * i, colour[i], 16);
  return colour;
}

std::string_view dash(int index) {
  return kDashes[static_cast<std::size_t>(index + 2 * (index / kColours)) % kDashes.size()];
}

std::string line_class(int index) { return fmt::format("f-line{}", index % kColours); }
std::string fill_class(int index) { return fmt::format("f-fill{}", index % kColours); }

void draw_marker(Xml& xml, int index, double x, double y) {
  const auto path = [&](std::string_view shape) {
    const std::string place = fmt::format("translate({} {})", coordinate(x), coordinate(y));
    xml.leaf("path", {{"class", fill_class(index)}, {"transform", place}, {"d", shape}});
  };
  switch (index % 6) {
    case 0:
      return xml.leaf("circle", {{"class", fill_class(index)}, {"cx", x}, {"cy", y}, {"r", 3.6}});
    case 1:
      return path("M-3.3-3.3h6.6v6.6h-6.6z");
    case 2:
      return path("M0-4.4L4.2 3.2H-4.2z");
    case 3:
      return path("M0-4.8L4.2 0 0 4.8-4.2 0z");
    case 4:
      return path("M0 4.4L4.2-3.2H-4.2z");
    default:
      return path("M-1.3-4.2h2.6v2.9h2.9v2.6h-2.9v2.9h-2.6v-2.9h-2.9v-2.6h2.9z");
  }
}

}  // namespace fathom::report
