#include "fathom/domain/imaging/leaves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <ATen/ops/empty.h>

#include "fathom/base/seed.h"
#include "fathom/domain/imaging/lettering.h"

namespace fathom::imaging {

namespace {

constexpr double kLeastRadius = 2;
constexpr double kCover = 12;       // times the picture's area that the discs' areas add up to
constexpr double kLineEvery = 64;   // pixels of the side: one line of print more
constexpr double kContrast = 0.25;  // least difference in brightness between print and paper

struct Leaf {
  double row, column, radius;
  std::array<double, 3> colour;
  double slope_row, slope_column;                 // of the brightness, over the disc
  double wave_row, wave_column, phase, strength;  // of the stripes
  double grain;                                   // of the speckles
};

// r with density ~ r^-3 on [a, b].
double radius_of(base::Random& random, double a, double b) {
  const double u = random.uniform();
  return 1 / std::sqrt((1 - u) / (a * a) + u / (b * b));
}

Leaf draw_leaf(base::Random& random, double side) {
  Leaf leaf{};
  leaf.radius = radius_of(random, kLeastRadius, side / 2);
  leaf.row = random.uniform(-0.1 * side, 1.1 * side);
  leaf.column = random.uniform(-0.1 * side, 1.1 * side);
  const double brightness = random.uniform(0.08, 0.9);
  for (double& channel : leaf.colour) channel = std::clamp(brightness + 0.14 * random.normal(), 0.02, 0.98);
  leaf.slope_row = 0.12 * random.normal();
  leaf.slope_column = 0.12 * random.normal();
  const double period = random.uniform(3, 14), angle = random.uniform(0, 2 * std::numbers::pi);
  leaf.wave_row = 2 * std::numbers::pi * std::sin(angle) / period;
  leaf.wave_column = 2 * std::numbers::pi * std::cos(angle) / period;
  leaf.phase = random.uniform(0, 2 * std::numbers::pi);
  leaf.strength = random.uniform() < 0.5 ? random.uniform(0, 0.12) : 0;
  leaf.grain = random.uniform() < 0.5 ? random.uniform(0, 0.06) : 0;
  return leaf;
}

struct Line {
  std::int64_t row, column, scale;
  std::vector<std::int64_t> characters;  // by their places in kAlphabet
  double contrast;                       // added to the brightness of what lies below
};

Line draw_line(base::Random& random, double side) {
  Line line{};
  line.scale = 1 + static_cast<std::int64_t>(random.below(3));
  line.row = static_cast<std::int64_t>(random.uniform(0, side));
  line.column = static_cast<std::int64_t>(random.uniform(-0.2 * side, 0.8 * side));
  line.characters.resize(3 + random.below(10));
  for (std::int64_t& character : line.characters) character = static_cast<std::int64_t>(random.below(16));
  line.contrast = random.uniform(kContrast, 0.8) * (random.uniform() < 0.5 ? -1 : 1);
  return line;
}

// Rows, columns, channels.
class Canvas {
 public:
  explicit Canvas(std::int64_t side) : side_(side), values_(static_cast<std::size_t>(3 * side * side), 0.4) {}

  void paint(const Leaf& leaf, base::Random& random) {
    const auto first = [&](double centre) { return std::max<std::int64_t>(0, std::lround(centre - leaf.radius)); };
    const auto last = [&](double centre) {
      return std::min(side_ - 1, std::int64_t{std::lround(centre + leaf.radius)});
    };
    for (std::int64_t i = first(leaf.row); i <= last(leaf.row); ++i) {
      for (std::int64_t j = first(leaf.column); j <= last(leaf.column); ++j) paint(leaf, i, j, random);
    }
  }

  void print(const Line& line) {
    for (std::size_t n = 0; n < line.characters.size(); ++n) {
      const std::int64_t left = line.column + static_cast<std::int64_t>(n) * (kGlyphWidth + 1) * line.scale;
      for (std::int64_t i = 0; i < kGlyphHeight * line.scale; ++i) {
        for (std::int64_t j = 0; j < kGlyphWidth * line.scale; ++j) {
          if (is_ink(line.characters[n], i / line.scale, j / line.scale)) ink(line.row + i, left + j, line.contrast);
        }
      }
    }
  }

  std::uint8_t level(std::int64_t channel, std::int64_t row, std::int64_t column) const {
    const double value = values_[static_cast<std::size_t>((row * side_ + column) * 3 + channel)];
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
  }

 private:
  void paint(const Leaf& leaf, std::int64_t i, std::int64_t j, base::Random& random) {
    const double y = (static_cast<double>(i) - leaf.row), x = (static_cast<double>(j) - leaf.column);
    // The edge covers a pixel in part, as a lens would have it.
    const double cover = std::clamp(leaf.radius - std::hypot(x, y) + 0.5, 0.0, 1.0);
    if (cover == 0) return;
    const double shade = (leaf.slope_row * y + leaf.slope_column * x) / leaf.radius +
                         leaf.strength * std::sin(leaf.wave_row * y + leaf.wave_column * x + leaf.phase) +
                         (leaf.grain > 0 ? leaf.grain * random.normal() : 0);
    for (std::size_t c = 0; c < 3; ++c) {
      double& value = values_[static_cast<std::size_t>((i * side_ + j) * 3) + c];
      value += cover * (leaf.colour[c] + shade - value);
    }
  }

  void ink(std::int64_t i, std::int64_t j, double contrast) {
    if (i < 0 || i >= side_ || j < 0 || j >= side_) return;
    for (std::size_t c = 0; c < 3; ++c) values_[static_cast<std::size_t>((i * side_ + j) * 3) + c] += contrast;
  }

  std::int64_t side_;
  std::vector<double> values_;
};

}  // namespace

Tensor dead_leaves(std::int64_t side, std::uint64_t seed) {
  base::Random random(seed);
  const double width = static_cast<double>(side);
  std::vector<Leaf> leaves;
  for (double covered = 0; covered < kCover * width * width;) {
    leaves.push_back(draw_leaf(random, width));
    covered += std::numbers::pi * leaves.back().radius * leaves.back().radius;
  }
  Canvas canvas(side);
  for (const Leaf& leaf : leaves) canvas.paint(leaf, random);
  for (double printed = 0; printed < width; printed += kLineEvery) canvas.print(draw_line(random, width));
  const Tensor pixels = at::empty({3, side, side}, at::kByte);
  auto* level = pixels.data_ptr<std::uint8_t>();
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t i = 0; i < side; ++i) {
      for (std::int64_t j = 0; j < side; ++j) *level++ = canvas.level(c, i, j);
    }
  }
  return pixels;
}

}  // namespace fathom::imaging
