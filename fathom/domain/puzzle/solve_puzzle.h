// One puzzle of a person's, solved by a trained looped model and verified by exact means.
//
// A puzzle is given as text: bits, a maze drawn with letters (maze.h), 81 characters of a Sudoku (sudoku.h); or as a
// PNG picture of a maze (maze_image.h).
//
// The block is iterated (Picard) until ||G(h) - h|| <= rtol ||G(h)||: a harder puzzle takes longer by itself. The
// answer is then compared with the exact one, which prefix sums, a breadth-first search and a search with backtracking
// give; a Sudoku is also held against its rules. With several starts the one with the least residual answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/domain/puzzle/instances.h"
#include "fathom/domain/puzzle/run_files.h"

namespace fathom::puzzle {

struct SolveOptions {
  std::int64_t iterations = 2000;  // at most
  double rtol = 1e-3;
  std::int64_t restarts = 1;  // starts: the model's own, then N(0, 1) of seed k
};

struct Solved {
  std::vector<std::vector<std::uint8_t>> frames;  // the answer read from h_t, t = 0, 1, ...; the last is the answer
  std::int64_t iterations = -1;
  double residual = -1;  // relative, of the answer
  bool converged = false;
  std::int64_t judged_cells = -1, wrong_cells = -1;
  std::int64_t broken_units = -1;  // of a Sudoku: rows, columns and boxes that do not hold every digit once
  std::int64_t start = 0;          // which start answers

  const std::vector<std::uint8_t>& answer() const { return frames.back(); }
};

// Errors (fathom::Error): a model that does not iterate, or of another kind of puzzle.
Solved solve_puzzle(const Trained& trained, const Instances& one, const SolveOptions& options = {});

// "parity" for text of 0 and 1 alone, "sudoku" for other digits and '.', "maze" for a drawing.
std::string task_of_text(std::string_view text);
Instances instance_of_text(std::string_view text);  // errors: those of parity_, sudoku_ and maze_of_text
// Text as it is, or the drawing in a PNG picture. Errors: those of io::parse_png and maze_drawing.
std::string text_of_file(std::string bytes, const std::string& origin);

// An answer as a person writes it: the bits, the maze with its path as '*', the Sudoku's nine lines.
std::string answer_text(const Instances& one, const std::vector<std::uint8_t>& answer);

}  // namespace fathom::puzzle
