#include "fathom/domain/puzzle/draw.h"

#include "fathom/base/error.h"
#include "fathom/domain/puzzle/maze.h"
#include "fathom/domain/puzzle/parity.h"
#include "fathom/domain/puzzle/sudoku.h"

namespace fathom::puzzle {

Instances draw(const std::string& task, std::int64_t count, std::int64_t size, std::uint64_t seed, const Drawing& how) {
  if (task == "parity") return parity(count, size, seed);
  if (task == "maze") return mazes(count, size, seed, how.far_ends);
  if (task == "sudoku") return sudokus(count, size, seed, how.split);
  base::fail("puzzle::draw", "task = '{}' violates parity|maze|sudoku; choose one of these", task);
}

}  // namespace fathom::puzzle
