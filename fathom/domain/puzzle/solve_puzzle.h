// One puzzle of a person's, solved by a trained looped model and verified by exact means.
//
// The block is iterated (Picard) until ||G(h) - h|| <= rtol ||G(h)||: a harder puzzle takes longer by itself. The
// answer is then compared with the exact one, which prefix sums and a breadth-first search give.
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
};

struct Solved {
  std::vector<std::vector<std::uint8_t>> frames;  // the answer read from h_t, t = 0, 1, ...; the last is the answer
  std::int64_t iterations = -1;
  double residual = -1;  // relative, of the answer
  bool converged = false;
  std::int64_t judged_cells = -1, wrong_cells = -1;

  const std::vector<std::uint8_t>& answer() const { return frames.back(); }
};

// Errors (fathom::Error): a model that does not iterate, or of another kind of puzzle.
Solved solve_puzzle(const Trained& trained, const Instances& one, const SolveOptions& options = {});

// "parity" for text of 0 and 1 alone, "maze" for a drawing.
std::string task_of_text(std::string_view text);
Instances instance_of_text(std::string_view text);  // errors: those of parity_of_text and maze_of_text

// An answer as a person writes it: the bits, or the maze with its path as '*'.
std::string answer_text(const Instances& one, const std::vector<std::uint8_t>& answer);

}  // namespace fathom::puzzle
