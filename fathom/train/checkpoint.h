// Everything a fit needs to go on exactly where it stopped, as one safetensors file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fathom/train/adam.h"
#include "fathom/train/fit.h"

namespace fathom::train {

struct Checkpoint {
  FitResult progress;        // steps, best, losses, lr, seconds; `status` finished when nothing is left to do
  std::vector<Tensor> best;  // weights of best_step, in the order of the task's parameters
};

// Writes parameters, best weights, Adam's moments and the progress, atomically.
void save_checkpoint(const std::filesystem::path& path, const NamedTensors& parameters, Adam& adam,
                     const Checkpoint& state);

// Fills the parameters and Adam's moments. Errors: see fit.h; nothing is changed when one is thrown.
Checkpoint load_checkpoint(const std::filesystem::path& path, const NamedTensors& parameters, Adam& adam);

}  // namespace fathom::train
