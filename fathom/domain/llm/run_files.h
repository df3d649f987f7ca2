// Where a run keeps what, and the models it writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fathom/domain/llm/run.h"
#include "fathom/train/fit.h"

namespace fathom::llm {

std::string model_stem(const std::string& name, std::uint64_t seed);  // "looped-seed0"

class RunFiles {
 public:
  explicit RunFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path data() const { return folder_ / "data.safetensors"; }
  std::filesystem::path model(const std::string& name, std::uint64_t seed) const {
    return folder_ / "models" / model_stem(name, seed);
  }
  std::filesystem::path training(const std::string& file) const { return folder_ / "train" / file; }
  std::filesystem::path events() const { return folder_ / "events"; }
  std::filesystem::path pairs() const { return folder_ / "pairs.csv"; }
  std::filesystem::path pairs_key() const { return folder_ / "pairs.toml"; }  // what the answers depend on
  void clear_training() const;  // models, checkpoints and logs of an earlier run

 private:
  std::filesystem::path folder_;
};

// What is known of a training, beside its weights in the model's folder.
struct TrainingCard {
  std::int64_t steps = 0;
  double seconds = 0;
  double train_loss = 0;                // mean of the last tenth of the steps
  std::vector<double> loss_step, loss;  // the curve, thinned to means of equal stretches
};

TrainingCard card_of(const train::FitResult& fit);

// A checkpoint folder (checkpoint_folder.h, bfloat16) with training.safetensors, the card, in it.
void save_trained(const std::filesystem::path& folder, const Raven& model, const TrainingCard& card,
                  const std::map<std::string, std::string>& metadata);
bool is_trained(const std::filesystem::path& folder);

// A model of any checkpoint folder for evaluation: float32, no gradients are kept. Errors: weights that are not finite.
std::shared_ptr<Raven> load_raven(const std::filesystem::path& folder);
TrainingCard load_card(const std::filesystem::path& folder);

}  // namespace fathom::llm
