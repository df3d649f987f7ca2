// Everything `fathom study llm` can be told. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/train/options.h"

namespace fathom::llm {

struct CorpusConfig {
  std::string corpus;  // "": nothing is trained
  std::int64_t window = 256;
  std::int64_t block = 4096;
  double held_out = 0.1;
  std::int64_t batch = 2;

  void fields(base::Fields& f) {
    f.add("corpus", corpus, "the text a byte-level model is trained on (--train)");
    f.add("window", window, {.at_least = 2, .at_most = 65536}, "bytes a window, in training and test");
    f.add("block", block, {.at_least = 2}, "bytes of a block; whole blocks are held out for the test");
    f.add("held_out", held_out, {.above = 0, .below = 1}, "share of the blocks that is held out");
    f.add("batch", batch, {.at_least = 1}, "windows an update");
  }
};

// The looped model that is trained: Huginn's architecture, made small.
struct ShapeConfig {
  std::int64_t width = 128;
  std::int64_t heads = 4;
  std::int64_t hidden = 512;
  std::int64_t prelude = 1;
  std::int64_t core = 2;
  std::int64_t coda = 1;
  std::int64_t recurrences = 8;
  std::int64_t backprop_depth = 4;
  std::int64_t context = 1024;

  void fields(base::Fields& f) {
    f.add("width", width, {.at_least = 2, .at_most = 16384}, "E, channels of a position");
    f.add("heads", heads, {.at_least = 1}, "of attention; each has the same even number of channels");
    f.add("hidden", hidden, {.at_least = 1}, "I, channels inside the gated MLP");
    f.add("prelude", prelude, {.at_least = 0, .at_most = 256}, "layers before the loop");
    f.add("core", core, {.at_least = 1, .at_most = 256}, "layers in the loop");
    f.add("coda", coda, {.at_least = 0, .at_most = 256}, "layers after the loop");
    f.add("recurrences", recurrences, {.at_least = 1, .at_most = 1000}, "mean recurrences of a training step");
    f.add("backprop_depth", backprop_depth, {.at_least = 1, .at_most = 1000},
          "recurrences a training step differentiates through");
    f.add("context", context, {.at_least = 2}, "positions the model can be asked for");
  }
};

struct RivalConfig {
  bool train = true;
  bool deep = false;
  bool equal_time = false;

  void fields(base::Fields& f) {
    f.add("train", train, "train the same blocks without the loop: equal parameters");
    f.add("deep", deep, "train as many different layers as the loop passes: equal compute, more parameters");
    f.add("equal_time", equal_time, "train the rivals on until the looped model's training time is spent");
  }
};

struct StudyConfig {
  std::int64_t iterations = 32;
  std::int64_t windows = 32;
  std::int64_t perturbed = 8;
  double perturbation = 1e-3;
  std::int64_t exit_windows = 16;
  std::vector<double> exit_thresholds = {0.3, 0.1, 0.03, 0.01};
  std::vector<double> exit_divergences = {3e-2, 1e-2, 1e-3, 1e-4};
  std::string checkpoint;  // "": the trained model, or the shipped one where nothing is trained
  std::string pairs;       // "": no pairs are answered
  std::vector<std::int64_t> pair_steps = {2, 4, 6, 8, 10, 12, 14, 16};
  std::int64_t pair_tokens = 128;
  std::int64_t pair_batch = 32;
  std::int64_t pair_part = 0, pair_parts = 1;
  std::string init = "random";

  void fields(base::Fields& f) {
    f.add("iterations", iterations, {.at_least = 1, .at_most = 1000}, "T: the models are evaluated at t = 0..T");
    f.add("windows", windows, {.at_least = 1}, "windows of held-out text for the loss, at most");
    f.add("perturbed", perturbed, {.at_least = 1}, "windows that are perturbed");
    f.add("perturbation", perturbation, {.above = 0}, "length of a move of a window's context, relative to it");
    f.add("exit_windows", exit_windows, {.at_least = 1}, "windows that are read with an adaptive exit");
    f.add("exit_thresholds", exit_thresholds, {.above = 0}, "thresholds of the exit by latent difference");
    f.add("exit_divergences", exit_divergences, {.above = 0}, "thresholds of the exit by KL divergence");
    f.add("checkpoint", checkpoint,
          "folder of the model that answers pairs; the trained or the shipped one unless given");
    f.add("pairs", pairs, "CSV file of prompt pairs to be answered (--pairs)");
    f.add("pair_steps", pair_steps, {.at_least = 0, .at_most = 1000}, "recurrences a token, one set of answers each");
    f.add("pair_tokens", pair_tokens, {.at_least = 1}, "tokens of prompt and answer together, at most");
    f.add("pair_batch", pair_batch, {.at_least = 1}, "prompts answered together");
    f.add("pair_part", pair_part, {.at_least = 0}, "answer the pairs whose index - 1 is this modulo pair_parts");
    f.add("pair_parts", pair_parts, {.at_least = 1}, "in how many runs the pairs are answered");
    f.add_choice("init", init, {"random", "zero"}, "state from which every position's loop begins");
  }
};

struct Config {
  CorpusConfig data;
  ShapeConfig model;
  train::FitOptions train;
  RivalConfig rivals;
  StudyConfig study;

  void fields(base::Fields& f) {
    f.group("data", data);
    f.group("model", model);
    f.group("train", train);
    f.group("rivals", rivals);
    f.group("study", study);
  }

  // Values that do not go together, which no bound of one field can say. Throws UsageError.
  void check() const;
};

// quick: minutes on two cores; full: the model that ships, and the rival of equal compute; paper: the authors' pairs
// study of Huginn-0125 (a GPU's work). Errors: UsageError for another name.
Config preset(std::string_view name);

}  // namespace fathom::llm
