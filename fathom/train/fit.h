// The training loop: minimise a loss over named parameters, keep the best weights, survive interruption.
//
//   FitResult r = fit({.name = "implicit", .parameters = named(model), .loss = [&](std::int64_t step) { ... }},
//   options, files);
//
// Per step: loss(step) with a graph, backward, clip, Adam. At the end the parameters are the weights that gave the
// lowest loss, or with keep = "last" the last ones. A step draws its randomness from (seed, step) alone, so a run that
// is stopped and resumed equals an uninterrupted one, bit for bit on one thread. Nothing of a domain is known here.
//
// Ctrl-C: set *stop; the loop ends after the current step, writes a checkpoint and returns `interrupted`.
// Errors (fathom::Error): no parameters; a checkpoint of other parameter names or shapes, or truncated; a loss that is
// not finite ten times in a row.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fathom/tensor/tensor.h"
#include "fathom/train/options.h"

namespace torch::nn {
class Module;
}

namespace fathom::train {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
NamedTensors named_parameters(const torch::nn::Module& module);

struct Task {
  std::string name;                               // shown in progress and logs
  NamedTensors parameters;                        // leaves that require grad; changed in place
  std::function<Tensor(std::int64_t step)> loss;  // scalar with a graph
  // Whether the last axis of the parameter of that name holds (re, im) of complex numbers (adam.h); none: no parameter.
  std::function<bool(const std::string& name)> paired = {};
};

struct FitFiles {
  std::filesystem::path checkpoint;  // "": none
  std::filesystem::path log;         // JSON lines {"task","step","loss","lr","gradient_norm","seconds"}; "": none
  std::filesystem::path events;      // folder of a TensorBoard event file; "": none
  bool resume = false;               // continue from the checkpoint when it exists
};

enum class FitStatus { finished, interrupted };

struct FitResult {
  FitStatus status = FitStatus::finished;
  std::int64_t steps = -1;  // updates made, resumed ones included
  std::int64_t best_step = -1;
  double best_loss = -1;
  double last_loss = -1;
  double lr = -1;              // base step size at the end (after rollbacks)
  double seconds = -1;         // of training, resumed ones included
  std::vector<double> losses;  // per step
};

FitResult fit(const Task& task, const FitOptions& options, const FitFiles& files = {},
              const std::atomic<bool>* stop = nullptr);

// lr of step `step` (0-based) after `seconds` of training: base * warm-up * schedule.
double learning_rate(const FitOptions& options, double base, std::int64_t step, double seconds);

// Mean loss over the last tenth of the steps: how far a fit came when single losses are noisy. NaN before the first.
double recent_loss(const FitResult& result);

}  // namespace fathom::train
