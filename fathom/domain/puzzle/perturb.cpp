#include "fathom/domain/puzzle/perturb.h"

#include <algorithm>
#include <utility>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::puzzle {

namespace {

void flip_bit(std::uint8_t* bits, std::int64_t cells, base::Random& random) {
  std::uint8_t& bit = bits[random.below(static_cast<std::uint64_t>(cells))];
  bit = bit == 0 ? 1 : 0;
}

// Features: free, start, goal. A maze has two rooms or more, so that a free cell is left.
void move_goal(std::uint8_t* features, std::int64_t cells, base::Random& random) {
  std::uint8_t* goal = features + 2 * cells;
  for (;;) {
    const std::uint64_t cell = random.below(static_cast<std::uint64_t>(cells));
    if (features[cell] == 0 || features[static_cast<std::uint64_t>(cells) + cell] != 0 || goal[cell] != 0) continue;
    std::fill(goal, goal + cells, std::uint8_t{0});
    goal[cell] = 1;
    return;
  }
}

void take_clue(std::uint8_t* clues, std::int64_t entries, base::Random& random) {
  for (;;) {
    std::uint8_t& entry = clues[random.below(static_cast<std::uint64_t>(entries))];
    if (std::exchange(entry, std::uint8_t{0}) != 0) return;
  }
}

}  // namespace

Instances perturbed(const std::string& task, const Instances& instances, std::uint64_t seed) {
  const bool parity = task == "parity", sudoku = task == "sudoku";
  base::require(parity || sudoku || task == "maze", "puzzle::perturbed", "task", task, "parity|maze|sudoku",
                "choose one of these");
  Instances moved = instances;
  std::fill(moved.target.begin(), moved.target.end(), kUnjudged);
  const std::int64_t cells = moved.cells();
  for (std::int64_t i = 0; i < moved.count; ++i) {
    base::Random random(base::stream_seed(seed, "perturb", static_cast<std::uint64_t>(i)));
    std::uint8_t* input = moved.input.data() + i * moved.channels * cells;
    if (parity)
      flip_bit(input, cells, random);
    else if (sudoku)
      take_clue(input, moved.channels * cells, random);
    else
      move_goal(input, cells, random);
  }
  return moved;
}

}  // namespace fathom::puzzle
