// Perfect mazes: a spanning tree of rooms, so that exactly one path joins start and goal [Schwarzschild2021].
//
// Field of n x n cells, n odd: rooms at odd coordinates, walls or openings between them, walls around. Three features a
// cell: free, start, goal. The answer is the set of cells on the path, ends included; walls are not judged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/domain/puzzle/instances.h"

namespace fathom::puzzle {

// Random depth-first mazes with two different rooms as start and goal, which are, with probability `far_ends`, the ends
// of the maze's longest path; instance i depends on (seed, i), n and far_ends alone. Cost: linear in the cells. Errors
// (fathom::Error): n even or < 5.
Instances mazes(std::int64_t count, std::int64_t n, std::uint64_t seed, double far_ends = 0);

// One maze drawn with letters: '#' wall, ' ' or '.' free, 'S' start, 'G' goal; lines of equal length. Any grid that has
// exactly one shortest path serves. Errors: another letter, ragged lines, not one start and one goal, no path, or more
// than one shortest path (the answer would not be unique).
Instances maze_of_text(std::string_view text);

// The maze of instance i with the cells of `marked` (height * width, 0 or 1) as '*'.
std::string maze_text(const Instances& mazes, std::int64_t i, const std::vector<std::uint8_t>& marked);

}  // namespace fathom::puzzle
