// Where a run keeps what, and the model files it writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "fathom/domain/pde/model_spec.h"
#include "fathom/domain/pde/scaling.h"
#include "fathom/train/fit.h"
#include "fathom/train/loss_curve.h"

namespace fathom::pde {

class FourierModel;

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

std::string model_stem(const std::string& name, std::uint64_t seed);  // "implicit-16-seed0"

// What is known of a trained network beside its weights.
struct Training {
  std::uint64_t seed = 0;
  double lr = 0, seconds = 0;
  std::int64_t depth = 0;  // most evaluations of the block in a solve (implicit)
  std::int64_t grid = 0;   // points of the training flows
  double viscosity = 0;    // of the training flows
  train::LossCurve losses;
};

struct Trained {
  ModelSpec spec;
  std::shared_ptr<FourierModel> model;  // evaluation: no gradients are kept
  Scaling scaling;
  Training training;
};

// Writes the weights with all that is needed to use them without the run. `config`: the domain's options as TOML.
void save_trained(const std::filesystem::path& path, const Trained& trained, const std::string& config);

// Errors (fathom::Error): not a model of this kind, a file that is damaged, weights that are not finite.
Trained load_trained(const std::filesystem::path& path, c10::Device device = c10::kCPU);

}  // namespace fathom::pde
