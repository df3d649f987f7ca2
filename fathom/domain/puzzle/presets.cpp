#include "fathom/base/preset.h"
#include "fathom/domain/puzzle/config.h"

namespace fathom::puzzle {

namespace {

TaskConfig parity_task(std::int64_t updates) {
  TaskConfig task;
  task.width = 32;
  task.stage1 = {.updates = updates, .sizes = {32}, .batch = 128, .loss = "random", .depth = 20, .lr = 1e-3};
  task.stage2 = {.updates = 0, .sizes = {32}, .batch = 128, .loss = "random", .depth = 20, .lr = 1e-4};
  task.rival_rounds = 15;  // the mean of n + k at depth 20: an update costs a rival as many blocks
  task.study = {.sizes = {32, 64, 128, 256, 512}, .iterations = {0, 5, 10, 20, 40, 80, 160, 320, 640}, .breadths = {}};
  return task;
}

// Random depth alone does not begin to learn mazes: the full unroll does, on small ones. Once a rule is there, random
// depth teaches it to go on from any state and to stay at its answer, at a third of the cost an iteration. Of two
// random rooms few are far apart: without the longest paths, mazes of 23 x 23 are lost where the path is longer than
// any seen.
TaskConfig maze_task(std::int64_t first, std::int64_t second) {
  TaskConfig task;
  task.width = 32;
  task.stage1 = {.updates = first,
                 .sizes = {7, 9},
                 .batch = 32,
                 .loss = "progressive",
                 .depth = 20,
                 .least_depth = 12,
                 .alpha = 0,
                 .lr = 1e-3};
  task.stage2 = {.updates = second,
                 .sizes = {9, 11, 13, 13},
                 .batch = 24,
                 .far_ends = 0.5,
                 .loss = "progressive",
                 .depth = 36,
                 .least_depth = 20,
                 .alpha = 0.3,
                 .lr = 7e-4};
  task.rival_rounds = 24;
  task.study = {.sizes = {9, 13, 15, 23, 33}, .iterations = {0, 5, 10, 20, 40, 80, 160, 320}, .breadths = {1, 2, 4}};
  return task;
}

// An update makes up to 16 iterations without gradient, then two segments of 8 with it.
TaskConfig sudoku_task(std::int64_t first, std::int64_t second) {
  TaskConfig task;
  task.width = 16;
  task.stage1 = {.updates = first,
                 .sizes = {1, 2},
                 .batch = 16,
                 .loss = "deep",
                 .depth = 16,
                 .segments = 2,
                 .step_weight = 1,
                 .lr = 2e-3};
  task.stage2 = {
      .updates = second, .sizes = {1, 2, 3, 4}, .batch = 16, .loss = "deep", .depth = 16, .segments = 2, .lr = 1e-3};
  task.rival_rounds = 16;
  task.narrow_rounds = 3;  // of 6 and of 16 rounds of as many parameters no training left ln 9
  task.study = {.sizes = {1, 2, 3, 4},
                .iterations = {0, 2, 4, 8, 16, 32, 64, 128},
                .samples = 40,
                .breadths = {1, 2, 4, 8, 16},
                .breadth_depth = 32};
  return task;
}

Config quick() {
  Config config;
  config.parity = parity_task(1500);
  config.maze = maze_task(1500, 0);
  config.maze.study.samples = 50;
  config.sudoku = sudoku_task(500, 0);
  return config;
}

Config full() {
  Config config;
  config.parity = parity_task(4000);
  config.maze = maze_task(2000, 4000);
  config.sudoku = sudoku_task(1500, 250);
  return config;
}

}  // namespace

Config preset(std::string_view name) {
  if (name == "quick") return quick();
  if (name == "full" || name == "paper") return full();
  base::refuse_preset(name);
}

}  // namespace fathom::puzzle
