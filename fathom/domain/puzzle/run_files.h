// Where a run keeps what, and the model files it writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "fathom/domain/puzzle/model_spec.h"
#include "fathom/train/fit.h"

namespace fathom::puzzle {

class Model;

class RunFiles {
 public:
  explicit RunFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path model(const std::string& name, std::uint64_t seed) const;
  std::filesystem::path training(const std::string& file) const { return folder_ / "train" / file; }
  std::filesystem::path events() const { return folder_ / "events"; }
  void clear_training() const;  // models, checkpoints and logs of an earlier run

 private:
  std::filesystem::path folder_;
};

std::string model_stem(const std::string& name, std::uint64_t seed);  // "implicit-32-seed0"

struct Trained {
  ModelSpec spec;
  std::shared_ptr<Model> model;  // evaluation: no gradients are kept
  std::uint64_t seed = 0;
  double seconds = 0;                   // of training, all stages
  std::vector<double> loss_step, loss;  // its training curve, thinned to the mean loss of each stretch
};

// Writes the weights with all that is needed to use them without the run: which network, for which puzzle, how trained.
// `config`: the domain's options as TOML.
void save_trained(const std::filesystem::path& path, const ModelSpec& spec, const Model& model,
                  const std::vector<train::FitResult>& stages, std::uint64_t seed, const std::string& config);

// Errors: not a model of this kind, a file that is damaged, weights that are not finite.
Trained load_trained(const std::filesystem::path& path, c10::Device device = c10::kCPU);

}  // namespace fathom::puzzle
