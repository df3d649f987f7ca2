// A field of cells at several times, side by side: a puzzle while its answer forms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fathom::report {

struct CellFrame {
  std::string name;                 // under the field: "t = 8"
  std::vector<std::uint8_t> cells;  // row by row: index into the legend
};

struct CellStrip {
  std::string title, caption;
  std::int64_t height = 0, width = 0;  // cells
  std::vector<std::string> legend;     // what the values 0, 1, 2, ... mean; 0 is left blank
  std::vector<CellFrame> frames;
};

// Errors (fathom::Error): a frame of another number of cells, or a value without an entry in the legend.
std::string to_svg(const CellStrip& strip);

}  // namespace fathom::report
