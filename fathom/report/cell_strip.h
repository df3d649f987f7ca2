// A field of cells at several times, side by side: a puzzle while its answer forms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fathom::report {

struct CellFrame {
  std::string name;                 // under the field: "t = 8"
  std::vector<std::uint8_t> cells;  // row by row: index into the legend
  std::string letters = "";         // one a cell, ' ' for none; "": none at all
};

struct CellStrip {
  std::string title, caption;
  std::int64_t height = 0, width = 0;  // cells
  std::vector<std::string> legend;     // what the values 0, 1, 2, ... mean; 0 is left blank
  std::vector<CellFrame> frames;
};

// Errors (fathom::Error): a frame of another number of cells, or a value without an entry in the legend.
std::string to_svg(const CellStrip& strip);

// One frame as pixels in three channels, red, green, blue, on white, in the colours of a light page.
struct Raster {
  std::int64_t height = 0, width = 0;  // pixels
  std::vector<std::uint8_t> pixels;    // (height, width, 3)
};
// Cells of `size` pixels with a line around the field; letters are digits, in a font of 3 x 5 points. Errors: as
// to_svg; size < 1.
Raster to_raster(const CellStrip& strip, const CellFrame& frame, std::int64_t size);

}  // namespace fathom::report
