// Puzzles of one size as plain bytes: what a network is shown and what it is asked, cell by cell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fathom::puzzle {

// A cell whose answer is not judged: the walls of a maze.
inline constexpr std::uint8_t kUnjudged = 255;

struct Instances {
  std::int64_t count = 0;
  std::int64_t channels = 1;           // features of a cell
  std::int64_t height = 1, width = 1;  // a bit string is a field of height 1
  std::int64_t classes = 2;
  std::vector<std::uint8_t> input;   // (count, channels, height, width), row-major
  std::vector<std::uint8_t> target;  // (count, height, width): a class, or kUnjudged

  std::int64_t cells() const { return height * width; }
  bool operator==(const Instances&) const = default;
};

std::string sha256_of(const Instances& instances);  // of sizes, inputs and targets

}  // namespace fathom::puzzle
