// Everything `fathom study pde` can be told. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/diff/options.h"
#include "fathom/domain/pde/data_options.h"
#include "fathom/solve/options.h"

namespace fathom::pde {

// What all networks of a study share; the rivals vary width and depth.
struct NetworkConfig {
  std::int64_t width = 16;
  std::int64_t modes = 8;
  std::int64_t padding = 0;
  bool coordinates = false;

  void fields(base::Fields& f) {
    f.add("width", width, {.at_least = 1, .at_most = 1024}, "channels");
    f.add("modes", modes, {.at_least = 1, .at_most = 256}, "kept frequencies of each sign and axis");
    f.add("padding", padding, {.at_least = 0, .at_most = 64},
          "points added at the right and the bottom; 0: the square stays periodic");
    f.add("coordinates", coordinates, "two more input channels say where a point is");
  }
};

struct TrainConfig {
  std::int64_t epochs = 20;
  std::int64_t batch = 4;
  bool symmetries = true;
  std::vector<double> learning_rates = {5e-3};
  std::int64_t trial_epochs = 2;
  std::string schedule = "cosine";
  std::int64_t warmup = 20;
  double weight_decay = 0;
  double clip_norm = 1;
  // The implicit network's gradient: plain unrolling for the first updates, then at the equilibrium.
  std::int64_t pretrain = 200;
  std::int64_t pretrain_depth = 6;
  std::string gradient = "phantom";
  std::int64_t solver_steps = 12;
  double rtol = 1e-3;
  double drift_weight = 0.1;
  solve::Anderson solver;
  diff::Implicit adjoint{.rtol = 1e-2, .max_iter = 12};
  diff::Phantom phantom{.steps = 3, .damping = 0.8};

  void fields(base::Fields& f) {
    f.add("epochs", epochs, {.at_least = 1}, "passes over the training flows, of every network");
    f.add("batch", batch, {.at_least = 1}, "flows an update");
    f.add("symmetries", symmetries, "every update sees its flows in a random one of their eight mirror images");
    f.add("learning_rates", learning_rates, {.above = 0},
          "Adam's step sizes tried for every network; the best is used");
    f.add("trial_epochs", trial_epochs, {.at_least = 1}, "passes of each trial, where there are several");
    f.add_choice("schedule", schedule, {"constant", "cosine"}, "step size over the training");
    f.add("warmup", warmup, {.at_least = 0}, "updates of linear warm-up");
    f.add("weight_decay", weight_decay, {.at_least = 0}, "times the weights, added to the gradient");
    f.add("clip_norm", clip_norm, {.at_least = 0}, "gradient norms are cut to this, per flow of the batch; 0: never");
    f.add("pretrain", pretrain, {.at_least = 0}, "first updates, in which the implicit network is unrolled");
    f.add("pretrain_depth", pretrain_depth, {.at_least = 1, .at_most = 1000}, "iterations of those");
    f.add_choice("gradient", gradient, {"implicit", "phantom", "unrolled"}, "gradient of the updates after them");
    f.add("solver_steps", solver_steps, {.at_least = 1, .at_most = 10000},
          "most evaluations of the block in one solve; the training depth");
    f.add("rtol", rtol, {.at_least = 0, .below = 1}, "relative residual at which a flow's solve ends");
    f.add("drift_weight", drift_weight, {.at_least = 0},
          "phantom: times the relative residual where the last step begins, added to the loss; keeps G convergent");
    f.group("solver", solver);
    f.group("adjoint", adjoint);
    f.group("phantom", phantom);
  }
};

struct RivalConfig {
  bool train = true;
  std::vector<std::int64_t> depths = {1, 2};
  std::vector<std::int64_t> widths = {};

  void fields(base::Fields& f) {
    f.add("train", train, "train explicit networks beside the implicit one");
    f.add("depths", depths, {.at_least = 1, .at_most = 64}, "blocks of the FNO++ rivals");
    f.add("widths", widths, {.at_least = 1, .at_most = 1024}, "channels of further FNO++ rivals of one block");
  }
};

struct StudyConfig {
  std::int64_t iterations = 50;
  std::int64_t batch = 25;
  std::int64_t perturbed = 4;
  double perturbation = 0.2;
  std::vector<double> frequencies = {.01, .02, .03, .04, .05, .1, .3, .5, .7, .9, .95, .96, .97, .98, .99};
  std::vector<std::int64_t> pictured = {1, 2, 5, 10, 50};

  void fields(base::Fields& f) {
    f.add("iterations", iterations, {.at_least = 1, .at_most = 10000},
          "T: the implicit network is measured at t = 1..T; the last one gives its line of the table");
    f.add("batch", batch, {.at_least = 1}, "flows that are measured together");
    f.add("perturbed", perturbed, {.at_least = 1}, "test flows that are perturbed");
    f.add("perturbation", perturbation, {.above = 0}, "l2 norm of each perturbation of the vorticity, per flow");
    f.add("frequencies", frequencies, {.above = 0, .at_most = 1},
          "of the sine waves added to the vorticity, as shares of the largest");
    f.add("pictured", pictured, {.at_least = 1}, "t at which the prediction and its error are drawn");
  }
};

struct Config {
  std::string protocol = "physical";
  DataConfig data;
  NetworkConfig network;
  TrainConfig train;
  RivalConfig rivals;
  StudyConfig study;

  void fields(base::Fields& f) {
    f.add_choice("protocol", protocol, {"physical", "paper"},
                 "physical: t counts evaluations of the block, perturbations in physical units; paper: its Anderson "
                 "iteration by threshold, perturbations in normalised units");
    f.group("data", data);
    f.group("network", network);
    f.group("train", train);
    f.group("rivals", rivals);
    f.group("study", study);
  }

  // Values that do not go together, which no bound of one field can say. Throws UsageError.
  void check() const;
};

// quick: minutes on two cores; full: the recorded run; paper: the paper's sizes and schedule. Errors: UsageError for
// another name.
Config preset(std::string_view name);

}  // namespace fathom::pde
