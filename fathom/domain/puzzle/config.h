// Everything `fathom study puzzle` can be told. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/diff/options.h"
#include "fathom/solve/options.h"

namespace fathom::puzzle {

// One pass of training: so many updates on fresh puzzles, a size and a depth drawn for each.
struct StageConfig {
  std::int64_t updates = 0;         // 0: no such stage
  std::vector<std::int64_t> sizes;  // of the puzzles; each update draws one
  std::int64_t batch = 64;          // puzzles an update
  double far_ends = 0;              // mazes: share whose start and goal are the ends of the longest path
  std::string loss = "random";      // how many iterations an update makes, and which of them the gradient goes through
  std::int64_t depth = 20;          // T
  std::int64_t least_depth = 0;     // progressive: the full term's depth is drawn from [least_depth, depth]; 0: depth
  double alpha = 0.5;               // progressive: weight of the random term
  double update_rate = 1;           // full unroll: probability with which a cell takes part in an iteration
  std::int64_t segments = 2;        // deep: losses an update
  double step_weight = 0.95;        // deep: d in h <- (1 - d) h + d G(h) + noise
  double noise = 0.01;              // deep: spread of the noise of every iteration
  double lr = 1e-3;
  std::int64_t warmup = 100;
  double clip_norm = 1;

  void fields(base::Fields& f) {
    f.add("updates", updates, {.at_least = 0}, "updates of this stage; 0: none");
    f.add("sizes", sizes, {.at_least = 1, .at_most = 10000}, "sizes of the puzzles; each update draws one");
    f.add("batch", batch, {.at_least = 1}, "fresh puzzles an update");
    f.add("far_ends", far_ends, {.at_least = 0, .at_most = 1},
          "mazes: share of them whose start and goal are the ends of the longest path");
    f.add_choice(
        "loss", loss, {"random", "progressive", "implicit", "phantom", "deep"},
        "random: n iterations without and k with gradient, n + k <= depth; progressive: that and the full unroll; "
        "implicit, phantom: gradient at the equilibrium; deep: random start, damped noisy iterations, a loss a "
        "segment");
    f.add("depth", depth, {.at_least = 1, .at_most = 10000}, "T, iterations of the block while training");
    f.add("least_depth", least_depth, {.at_least = 0},
          "full unroll: its depth is drawn from [least_depth, depth]; 0: depth");
    f.add("alpha", alpha, {.at_least = 0, .at_most = 1},
          "progressive: weight of the random term, 1 - alpha that of the full unroll");
    f.add("update_rate", update_rate, {.above = 0, .at_most = 1},
          "full unroll: a cell takes part in an iteration with this probability, else its state stays; 1: all do");
    f.add("segments", segments, {.at_least = 1, .at_most = 64},
          "deep: parts of depth, each with a loss at its end and a gradient that stays in it");
    f.add("step_weight", step_weight, {.above = 0, .at_most = 1}, "deep: d in h <- (1 - d) h + d G(h) + noise");
    f.add("noise", noise, {.at_least = 0}, "deep: standard deviation of the noise of an iteration");
    f.add("lr", lr, {.above = 0}, "Adam's step size, falling to a hundredth along a cosine");
    f.add("warmup", warmup, {.at_least = 0}, "updates of linear warm-up");
    f.add("clip_norm", clip_norm, {.at_least = 0}, "gradient norms are cut to this; 0: never");
  }
};

struct StudyConfig {
  std::vector<std::int64_t> sizes;       // of the test puzzles; the last one gives the table's figures
  std::vector<std::int64_t> iterations;  // t at which the curves have points, ascending
  std::int64_t samples = 100;            // test puzzles of each size
  std::int64_t perturbed = 20;           // of which the input is changed in one place
  std::int64_t starts = 4;               // random starts of the path-independence score
  std::vector<std::int64_t> breadths;    // restarts of which the one with the least residual answers
  std::int64_t breadth_depth = 0;        // iterations of every restart; 0: the last of `iterations`
  double exit_rtol = 1e-3;               // relative residual at which a puzzle stops iterating

  void fields(base::Fields& f) {
    f.add("sizes", sizes, {.at_least = 1, .at_most = 10000},
          "sizes of the test puzzles; the last gives the table's figures");
    f.add("iterations", iterations, {.at_least = 0, .at_most = 100000}, "t at which curves have points, ascending");
    f.add("samples", samples, {.at_least = 1}, "test puzzles of each size");
    f.add("perturbed", perturbed, {.at_least = 1}, "test puzzles whose input is changed in one place");
    f.add("starts", starts, {.at_least = 2, .at_most = 64}, "starts of the path-independence score");
    f.add("breadths", breadths, {.at_least = 1, .at_most = 1024},
          "numbers of restarts, the least residual answers; []: none");
    f.add("breadth_depth", breadth_depth, {.at_least = 0, .at_most = 100000},
          "iterations of every restart; 0: the last t of the curves");
    f.add("exit_rtol", exit_rtol, {.above = 0, .below = 1}, "relative residual at which a puzzle stops iterating");
  }
};

// What one kind of puzzle is trained and judged with.
struct TaskConfig {
  std::int64_t width = 32;  // channels of the state
  StageConfig stage1, stage2;
  std::int64_t rival_rounds = 15;  // blocks of the explicit networks
  std::int64_t narrow_rounds = 0;  // of the one with as many parameters; 0: rival_rounds
  bool rivals = true;
  double loss_seconds = 0;  // above 0: a comparison of losses instead
  StudyConfig study;

  void fields(base::Fields& f) {
    f.add("width", width, {.at_least = 1, .at_most = 512}, "channels of the state");
    f.group("stage1", stage1);
    f.group("stage2", stage2);
    f.add("rival_rounds", rival_rounds, {.at_least = 1, .at_most = 256},
          "blocks of the explicit networks, each with its own weights");
    f.add("narrow_rounds", narrow_rounds, {.at_least = 0, .at_most = 256},
          "blocks of the explicit network with as many parameters, fewer are wider; 0: rival_rounds");
    f.add("rivals", rivals, "train explicit networks beside the implicit one");
    f.add("loss_seconds", loss_seconds, {.at_least = 0},
          "above 0: compare the losses instead; stage 1 with each of them for so many seconds, its updates aside");
    f.group("study", study);
  }
};

struct Config {
  std::string task = "parity";
  TaskConfig parity, maze, sudoku;                       // of a Sudoku a size is its grade, 1 ... 4 (sudoku.h)
  diff::Implicit adjoint{.rtol = 1e-2, .max_iter = 20};  // of stages with loss = implicit
  diff::Phantom phantom;                                 // of stages with loss = phantom
  solve::Anderson solver;                                // forward solve of both

  const TaskConfig& chosen() const { return task == "maze" ? maze : task == "sudoku" ? sudoku : parity; }

  void fields(base::Fields& f) {
    f.add_choice("task", task, {"parity", "maze", "sudoku"}, "which puzzle");
    f.group("parity", parity);
    f.group("maze", maze);
    f.group("sudoku", sudoku);
    f.group("adjoint", adjoint);
    f.group("phantom", phantom);
    f.group("solver", solver);
  }

  // Values of the chosen task that do not go together. Throws UsageError.
  void check() const;
};

// quick: a small demonstration; full: the recorded runs; paper: as full. Errors: UsageError for another name.
Config preset(std::string_view name);

}  // namespace fathom::puzzle
