// Where a run keeps what, and the model files it writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fathom/domain/lp/run.h"
#include "fathom/train/fit.h"

namespace fathom::lp {

class RunFiles {
 public:
  explicit RunFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path data() const { return folder_ / "data.safetensors"; }
  std::filesystem::path model(const std::string& name, std::uint64_t seed) const;
  std::filesystem::path training(const std::string& file) const { return folder_ / "train" / file; }
  std::filesystem::path events() const { return folder_ / "events"; }
  void clear_training() const;  // models, checkpoints and logs of an earlier run

 private:
  std::filesystem::path folder_;
};

std::string model_stem(const std::string& name, std::uint64_t seed);  // "implicit-8-seed0"

struct TrainingOutcome {
  train::FitResult first, second;
  double lr = 0;          // step size of the first stage
  double p_infinite = 0;  // of the programs it was trained on
  std::uint64_t seed = 0;
  std::string config;       // the domain's options, TOML
  std::string data_sha256;  // of the data it was trained on
};

// Writes the weights with all that is needed to use them without the run: which network, how trained, with what loss,
// with which options and on which data.
void save_trained(const std::filesystem::path& path, const ModelSpec& spec, const Model& model,
                  const TrainingOutcome& outcome);

struct Trained {
  ModelSpec spec;
  std::shared_ptr<Model> model;  // evaluation: no gradients are kept
  std::uint64_t seed = 0;
  double lr = 0;
  double seconds_stage1 = 0, seconds_stage2 = 0;
  double train_loss = 0;
  double p_infinite = 0;                // of the programs it was trained on
  std::vector<double> loss_step, loss;  // its training curve, thinned
};
// Errors: not a model of this kind, a file that is damaged, weights that are not finite.
Trained load_trained(const std::filesystem::path& path);

}  // namespace fathom::lp
