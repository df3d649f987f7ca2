// Mazes drawn as pictures: dark cells are walls, one green cell the start, one red cell the goal, all others free.
#pragma once

#include <string>

#include "fathom/io/image.h"

namespace fathom::puzzle {

// The drawing with letters that maze_of_text reads (maze.h). Cells are squares of the greatest size, in pixels, that
// divides both sides and leaves every cell of one kind; what is transparent counts as white. Errors (fathom::Error): no
// green or no red cell, or several; more than 1000 cells on a side.
std::string maze_drawing(const io::Image& picture);

}  // namespace fathom::puzzle
