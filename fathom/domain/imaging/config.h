// Everything `fathom study imaging` can be told. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/diff/options.h"
#include "fathom/domain/imaging/data_options.h"
#include "fathom/nn/drunet_options.h"
#include "fathom/solve/options.h"

namespace fathom::imaging {

// The denoiser that every model starts from, trained once: D(x + sigma n, sigma) against x.
struct DenoiserConfig {
  std::string file;  // weights of your own; "": it is trained
  std::int64_t updates = 2000;
  std::int64_t batch = 4;
  double learning_rate = 1e-3;
  double sigma_max = 0.1;

  void fields(base::Fields& f) {
    f.add("file", file, "weights of a DRUNet of network's size (safetensors or torch.save); \"\": train it here");
    f.add("updates", updates, {.at_least = 0}, "of the denoiser's training, each on crops drawn afresh");
    f.add("batch", batch, {.at_least = 1}, "crops an update");
    f.add("learning_rate", learning_rate, {.above = 0}, "Adam's first step size; it falls as a cosine");
    f.add("sigma_max", sigma_max, {.above = 0, .at_most = 1}, "noise levels are uniform in [0, sigma_max]");
  }
};

struct TrainConfig {
  std::int64_t updates = 100;
  std::int64_t batch = 2;
  double learning_rate = 2e-4;
  std::string schedule = "cosine";
  double weight_decay = 1e-8;
  double clip_norm = 1;
  std::string start = "y";
  double pgd_stepsize = 1.8;
  double hqs_stepsize = 6;
  double sigma = 0.07;
  // The implicit models' gradient.
  std::string gradient = "implicit";
  std::int64_t iterations = 25;
  std::int64_t adjoint_steps = 20;
  double growth_weight = 1;
  double growth_bound = 0.95;
  std::int64_t growth_steps = 20;
  std::int64_t growth_every = 1;
  double rtol = 1e-3;
  solve::Anderson solver;
  diff::Implicit adjoint{.rtol = 0.1, .max_iter = 15};
  diff::Phantom phantom{.steps = 3, .damping = 1};

  void fields(base::Fields& f) {
    f.add("updates", updates, {.at_least = 0}, "of every implicit model");
    f.add("batch", batch, {.at_least = 1}, "crops an update");
    f.add("learning_rate", learning_rate, {.above = 0}, "Adam's step size");
    f.add_choice("schedule", schedule, {"constant", "cosine"}, "step size over the training");
    f.add("weight_decay", weight_decay, {.at_least = 0}, "times the weights, added to the gradient");
    f.add("clip_norm", clip_norm, {.at_least = 0}, "largest gradient norm; 0: no clipping");
    f.add_choice("start", start, {"y", "zero"}, "x_0: the blurred image, or zero");
    f.add("pgd_stepsize", pgd_stepsize, {.above = 0}, "gamma of PGD at the start");
    f.add("hqs_stepsize", hqs_stepsize, {.above = 0}, "gamma of HQS at the start");
    f.add("sigma", sigma, {.at_least = 0, .at_most = 1}, "noise level told to the denoiser, at the start");
    f.add_choice("gradient", gradient, {"hook", "implicit", "phantom"},
                 "of the implicit models: hook as the original; implicit and phantom at the equilibrium by a solver");
    f.add("iterations", iterations, {.at_least = 1, .at_most = 10000},
          "K: evaluations of the step without a graph; the training depth");
    f.add("adjoint_steps", adjoint_steps, {.at_least = 1, .at_most = 10000}, "hook: products with J' at most");
    f.add("growth_weight", growth_weight, {.at_least = 0},
          "times (rate - growth_bound)^2 where the step multiplies a change by a rate above it, added to the loss");
    f.add("growth_bound", growth_bound, {.above = 0}, "rate from which on it is added");
    f.add("growth_steps", growth_steps, {.at_least = 0, .at_most = 1000}, "steps to find the change that grows most");
    f.add("growth_every", growth_every, {.at_least = 1},
          "it is looked at in one of so many updates; it takes two fifths of an update that does");
    f.add("rtol", rtol, {.at_least = 0, .below = 1}, "implicit, phantom: relative residual at which a solve ends");
    f.group("solver", solver);
    f.group("adjoint", adjoint);
    f.group("phantom", phantom);
  }
};

struct RivalConfig {
  bool train = true;
  double factor = 1;
  std::string equal = "seconds";
  std::vector<std::int64_t> layers = {1, 2, 4};
  std::string step = "hqs";

  void fields(base::Fields& f) {
    f.add("train", train, "train explicit models beside the implicit ones");
    f.add_choice("equal", equal, {"seconds", "updates"},
                 "what explicit models are given of the longest implicit "
                 "training: at least its time, or its number of updates");
    f.add("factor", factor, {.above = 0}, "times that");
    f.add("layers", layers, {.at_least = 1, .at_most = 64}, "steps of the unrolled models, each with its own denoiser");
    f.add_choice("step", step, {"pgd", "hqs"}, "of the unrolled models");
  }
};

struct StudyConfig {
  std::int64_t iterations = 100;
  std::int64_t batch = 10;
  std::int64_t perturbed = 6;
  double perturbation = 0.01;
  std::vector<double> frequencies = {.1, .3, .5, .7, .9};
  std::vector<std::int64_t> pictured = {1, 2, 5, 10, 20, 100};

  void fields(base::Fields& f) {
    f.add("iterations", iterations, {.at_least = 1, .at_most = 10000}, "T: implicit models are measured at t = 1..T");
    f.add("batch", batch, {.at_least = 1}, "crops that are measured together");
    f.add("perturbed", perturbed, {.at_least = 1}, "test crops whose data are perturbed");
    f.add("perturbation", perturbation, {.above = 0}, "times a singular vector of the blur: the change of the image");
    f.add("frequencies", frequencies, {.at_least = 0, .at_most = 1},
          "of those vectors, as shares of the blur's frequencies in their order");
    f.add("pictured", pictured, {.at_least = 1}, "t whose iterates are drawn");
  }
};

struct Config {
  std::string protocol = "aligned";
  DataConfig data;
  nn::DrunetOptions network{.widths = {16, 32, 64, 128}, .blocks = 1};
  DenoiserConfig denoiser;
  TrainConfig train;
  RivalConfig rivals;
  StudyConfig study;

  void fields(base::Fields& f) {
    f.add_choice("protocol", protocol, {"aligned", "paper"},
                 "aligned: all numbers at t belong to x_t; paper: its PSNR column is one iteration late");
    f.group("data", data);
    f.group("network", network);
    f.group("denoiser", denoiser);
    f.group("train", train);
    f.group("rivals", rivals);
    f.group("study", study);
  }

  // Values that do not go together, which no bound of one field can say. Throws UsageError.
  void check() const;
};

// quick: about ten minutes on two cores; full: three and a half hours of one; paper: the paper's sizes and schedule.
// Errors: UsageError for another name.
Config preset(std::string_view name);

}  // namespace fathom::imaging
