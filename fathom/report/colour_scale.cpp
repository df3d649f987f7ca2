#include "fathom/report/colour_scale.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fathom::report {

namespace {

std::uint8_t byte_of(double linear) {
  const double x = std::clamp(linear, 0.0, 1.0);
  const double s = x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(255 * s));
}

// Oklab by lightness, chroma and hue in degrees.
Rgb oklch(double lightness, double chroma, double hue) {
  const double h = hue * std::numbers::pi / 180, a = chroma * std::cos(h), b = chroma * std::sin(h);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  return {byte_of(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          byte_of(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          byte_of(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

template <class Colour>  // of t in [0, 1]
ColourScale scale_of(const Colour& colour) {
  ColourScale scale;
  for (std::size_t i = 0; i < scale.size(); ++i) scale[i] = colour(static_cast<double>(i) / 255);
  return scale;
}

}  // namespace

const ColourScale& diverging_colours() {
  static const ColourScale kScale = scale_of([](double t) {
    const double from_middle = std::abs(2 * t - 1);
    return oklch(0.97 - 0.52 * from_middle, 0.15 * from_middle, t < 0.5 ? 255 : 30);
  });
  return kScale;
}

const ColourScale& sequential_colours() {
  static const ColourScale kScale =
      scale_of([](double t) { return oklch(0.25 + 0.7 * t, 0.06 + 0.24 * t * (1 - t), 275 - 170 * t); });
  return kScale;
}

}  // namespace fathom::report
