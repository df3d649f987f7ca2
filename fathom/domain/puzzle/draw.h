// Fresh puzzles of any kind.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/domain/puzzle/instances.h"
#include "fathom/domain/puzzle/split.h"

namespace fathom::puzzle {

struct Drawing {
  Split split = Split::any;  // only Sudoku has parts that are kept apart (sudoku.h)
  double far_ends = 0;       // share of mazes whose start and goal are the ends of the longest path (maze.h)
};

// `size`: bits of a string, cells of a maze's side, or the grade of a Sudoku. Instance i depends on (seed, i), task,
// size and `how` alone. Errors (fathom::Error): an unknown task, a size that it does not have.
Instances draw(const std::string& task, std::int64_t count, std::int64_t size, std::uint64_t seed,
               const Drawing& how = {});

}  // namespace fathom::puzzle
