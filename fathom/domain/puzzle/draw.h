// Fresh puzzles of any kind.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/domain/puzzle/instances.h"
#include "fathom/domain/puzzle/split.h"

namespace fathom::puzzle {

// `size`: bits of a string, cells of a maze's side, or the grade of a Sudoku. Instance i depends on (seed, i), task,
// size and split alone; only Sudoku has parts that are kept apart (sudoku.h). Errors (fathom::Error): an unknown task,
// a size that it does not have.
Instances draw(const std::string& task, std::int64_t count, std::int64_t size, std::uint64_t seed,
               Split split = Split::any);

}  // namespace fathom::puzzle
