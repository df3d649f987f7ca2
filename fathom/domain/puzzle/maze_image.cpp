#include "fathom/domain/puzzle/maze_image.h"

#include <algorithm>
#include <numeric>

#include "fathom/base/error.h"

namespace fathom::puzzle {

namespace {

constexpr std::int64_t kMostCells = 1000;
constexpr double kDark = .5;      // of the luma from 0 to 1
constexpr double kColoured = .3;  // the main colour exceeds the others by so much

struct Rgb {
  double red, green, blue;
};

Rgb colour_at(const io::Image& picture, std::int64_t row, std::int64_t column) {
  const double full = picture.depth == 16 ? 65535 : 255;
  const auto part = [&](std::int64_t channel) { return picture.at(row, column, channel) / full; };
  const bool grey = picture.channels <= 2, alpha = picture.channels % 2 == 0;
  const double opaque = alpha ? part(picture.channels - 1) : 1;
  const auto seen = [&](std::int64_t channel) { return opaque * part(channel) + 1 - opaque; };
  return grey ? Rgb{seen(0), seen(0), seen(0)} : Rgb{seen(0), seen(1), seen(2)};
}

// The letter of maze_of_text.
char kind_of(const Rgb& c) {
  if (c.green - std::max(c.red, c.blue) > kColoured) return 'S';
  if (c.red - std::max(c.green, c.blue) > kColoured) return 'G';
  return .299 * c.red + .587 * c.green + .114 * c.blue < kDark ? '#' : ' ';
}

std::string kinds_of(const io::Image& picture) {
  std::string kinds;
  for (std::int64_t row = 0; row < picture.height; ++row) {
    for (std::int64_t column = 0; column < picture.width; ++column) kinds += kind_of(colour_at(picture, row, column));
  }
  return kinds;
}

bool cells_are_even(const std::string& kinds, std::int64_t height, std::int64_t width, std::int64_t size) {
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      const std::int64_t corner = row / size * size * width + column / size * size;
      if (kinds[static_cast<std::size_t>(row * width + column)] != kinds[static_cast<std::size_t>(corner)])
        return false;
    }
  }
  return true;
}

// At one pixel a cell the cells are even.
std::int64_t cell_size(const std::string& kinds, std::int64_t height, std::int64_t width) {
  std::int64_t size = std::gcd(height, width);
  while (std::gcd(height, width) % size != 0 || !cells_are_even(kinds, height, width, size)) --size;
  return size;
}

void check_ends(const std::string& drawing, char letter, const char* what) {
  const auto count = std::count(drawing.begin(), drawing.end(), letter);
  base::require(
      count == 1, "puzzle::maze_drawing", fmt::format("{} cells", what), count, "= 1",
      letter == 'S' ? "paint the start, and nothing else, in green" : "paint the goal, and nothing else, in red");
}

}  // namespace

std::string maze_drawing(const io::Image& picture) {
  const std::string kinds = kinds_of(picture);
  const std::int64_t size = cell_size(kinds, picture.height, picture.width);
  const std::int64_t rows = picture.height / size, columns = picture.width / size;
  base::require(std::max(rows, columns) <= kMostCells, "puzzle::maze_drawing", "cells",
                fmt::format("{} x {}", rows, columns), fmt::format("at most {} on a side", kMostCells),
                "draw every cell as a square of one colour");
  std::string drawing;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column)
      drawing += kinds[static_cast<std::size_t>(row * size * picture.width + column * size)];
    drawing += '\n';
  }
  check_ends(drawing, 'S', "green");
  check_ends(drawing, 'G', "red");
  return drawing;
}

}  // namespace fathom::puzzle
