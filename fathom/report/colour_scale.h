// Colours for numbers: 256 steps of even lightness and chroma in Oklab, where equal distances look equal
//   (B. Ottosson, "A perceptual color space for image processing", 2020).
#pragma once

#include <array>
#include <cstdint>

namespace fathom::report {

struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
};
using ColourScale = std::array<Rgb, 256>;

const ColourScale& diverging_colours();   // blue, nearly white in the middle, red: for signed numbers
const ColourScale& sequential_colours();  // dark blue to light yellow

}  // namespace fathom::report
