// Everything `fathom study lp` can be told. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/diff/options.h"
#include "fathom/domain/lp/generate_options.h"
#include "fathom/solve/options.h"
#include "fathom/train/options.h"

namespace fathom::lp {

// How many programs of the generator's distribution are drawn for each part.
struct DataConfig {
  std::string protocol = "exact";  // exact: full precision, minimum-norm labels; paper: 5 decimals, the solver's vertex
  std::int64_t train = 600;
  std::int64_t test = 300;
  GenerateOptions generate;

  void fields(base::Fields& f) {
    f.add_choice("protocol", protocol, {"exact", "paper"},
                 "exact: full precision, unique minimum-norm labels; paper: 5 decimals, vertex labels");
    f.add("train", train, {.at_least = 1}, "programs to train on");
    f.add("test", test, {.at_least = 1}, "programs to test on");
    f.group("generate", generate);
  }
};

// One pass of training: so many passes over the programs at one step size.
struct StageConfig {
  std::int64_t epochs = 1000;
  std::int64_t batch = 0;  // programs an update; 0: all of them
  double lr = 1e-2;
  std::int64_t depth = 3;        // iterations of the implicit block while training
  std::int64_t least_depth = 0;  // > 0: each update draws its depth uniformly from [least_depth, depth]
  std::string gradient = "unrolled";
  std::string schedule = "constant";
  double clip_norm = 0;  // gradient norms are cut to this; 0: never

  void fields(base::Fields& f) {
    f.add("epochs", epochs, {.at_least = 0}, "passes over the training programs");
    f.add("batch", batch, {.at_least = 0}, "programs an update; 0: all of them");
    f.add("lr", lr, {.above = 0}, "Adam's step size");
    f.add("depth", depth, {.at_least = 1, .at_most = 1000}, "iterations of the implicit block while training");
    f.add("least_depth", least_depth, {.at_least = 0},
          "draw each update's depth from [least_depth, depth]; 0: always depth");
    f.add_choice("gradient", gradient, {"unrolled", "implicit"}, "gradient of the implicit model");
    f.add_choice("schedule", schedule, {"constant", "cosine"}, "step size over the stage");
    f.add("clip_norm", clip_norm, {.at_least = 0}, "largest gradient norm of an update; 0: no clipping");
  }
};

struct RivalConfig {
  bool train = true;        // false: the implicit model alone
  std::int64_t rounds = 6;  // of the equal-compute explicit network
  std::vector<double> learning_rates = {1e-2, 3e-3, 1e-3};
  std::int64_t trial_epochs = 150;  // to choose among them
  bool equal_time = true;           // train on until the implicit model's training time is spent

  void fields(base::Fields& f) {
    f.add("train", train, "train explicit networks beside the implicit one");
    f.add("rounds", rounds, {.at_least = 1, .at_most = 64},
          "message-passing rounds of the equal-compute explicit network");
    f.add("learning_rates", learning_rates, {.above = 0},
          "step sizes tried for each explicit network; the best is trained");
    f.add("trial_epochs", trial_epochs, {.at_least = 1}, "epochs of each trial");
    f.add("equal_time", equal_time,
          "train explicit networks at least as long as the implicit one, in steps and in seconds");
  }
};

struct StudyConfig {
  std::int64_t iterations = 24;      // T: the implicit model is evaluated at t = 0..T
  std::int64_t test_iterations = 8;  // t of the implicit model's line in the table
  double perturbation = 1e-4;        // l2 norm of each perturbation
  std::int64_t perturbed = 100;      // test programs that are perturbed

  void fields(base::Fields& f) {
    f.add("iterations", iterations, {.at_least = 1, .at_most = 10000},
          "T: the implicit model is evaluated at t = 0..T");
    f.add("test_iterations", test_iterations, {.at_least = 0},
          "iterations of the implicit model's line in the result table");
    f.add("perturbation", perturbation, {.above = 0}, "l2 norm of the perturbation of A, b, c, l or u");
    f.add("perturbed", perturbed, {.at_least = 1}, "test programs that are perturbed");
  }
};

struct Config {
  DataConfig data;
  std::vector<std::int64_t> embeddings = {8};  // widths d to train, one implicit and two explicit models each
  bool bound_flags = false;
  StageConfig stage1, stage2;
  diff::Implicit adjoint;      // of stages with gradient = implicit
  solve::SolverChoice solver;  // forward solve of those stages, and of `probe`
  RivalConfig rivals;
  StudyConfig study;

  void fields(base::Fields& f) {
    f.group("data", data);
    f.add("embeddings", embeddings, {.at_least = 1, .at_most = 256}, "widths of the networks");
    f.add("bound_flags", bound_flags, "variable features say which bounds are infinite");
    f.group("stage1", stage1);
    f.group("stage2", stage2);
    f.group("adjoint", adjoint);
    f.group("solver", solver);
    f.group("rivals", rivals);
    f.group("study", study);
  }

  // Values that do not go together, which no bound of one field can say. Throws UsageError.
  void check() const;
};

// quick: minutes on two cores; full: an hour; paper: the paper's sizes and schedule. Errors: UsageError for another
// name.
Config preset(std::string_view name);

}  // namespace fathom::lp
