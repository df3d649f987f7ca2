// What `fathom puzzle` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct PuzzleFlags {
  std::string model;  // "": the one for this kind of puzzle that ships with the program
  std::int64_t iterations = 2000;
  double rtol = 1e-3;
  std::int64_t restarts = 1;
  std::string strip, animate;  // "": no picture

  void fields(base::Fields& f) {
    f.add("model", model, "model file; the one that ships with the program unless given");
    f.add("iterations", iterations, {.at_least = 1, .at_most = 100000}, "iterations at most");
    f.add("rtol", rtol, {.above = 0, .below = 1}, "relative residual at which the state counts as converged");
    f.add("restarts", restarts, {.at_least = 1, .at_most = 1024},
          "starts tried until one converges; else the least residual answers");
    f.add("strip", strip, "write the answer at several iterations to this .svg file");
    f.add("animate", animate, "write the answer while it converges to this animated .png file");
  }
};

struct PuzzleOptions : PuzzleFlags {
  std::string verb = "solve";
  std::string puzzle;  // bits, or a file

  void fields(base::Fields& f) {
    f.add_choice("verb", verb, {"solve"}, "what to do with the puzzle");
    f.add("puzzle", puzzle,
          "a bit string, the 81 characters of a Sudoku (0 or . is empty), or a file that holds one, a maze drawn with "
          "# . S G, or a PNG picture of a maze");
    PuzzleFlags::fields(f);
  }
};

}  // namespace fathom::app
