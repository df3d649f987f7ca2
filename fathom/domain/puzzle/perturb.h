// The same puzzles with their input changed in one place each, for Lipschitz ratios.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/domain/puzzle/instances.h"

namespace fathom::puzzle {

// parity: one bit flipped, ||x' - x|| = 1. sudoku: one clue taken away, ||x' - x|| = 1. maze: the goal moved to another
// free cell, ||x' - x|| = sqrt(2). The place follows from (seed, i). No cell of the copies is judged: their answers
// differ. Errors: an unknown task.
Instances perturbed(const std::string& task, const Instances& instances, std::uint64_t seed);

}  // namespace fathom::puzzle
