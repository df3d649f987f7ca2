// One run of the study in a folder: its data, its models and what they measure. Each stage reads and writes files, so
// each can be run alone and an interrupted run goes on where it stopped.
//
//   DIR/data.safetensors                        make_data
//   DIR/models/<model>-seed<k>.safetensors      train_models   (checkpoints and logs beside them in DIR/train/)
//   StudyRecord                                 evaluate       (the program writes it as DIR/study.json)
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "fathom/base/record.h"
#include "fathom/domain/lp/config.h"
#include "fathom/domain/lp/dataset_file.h"
#include "fathom/domain/lp/instance.h"
#include "fathom/domain/lp/model.h"

namespace fathom::lp {

struct Run {
  std::filesystem::path folder;
  std::uint64_t seed = 0;  // of data and, plus k, of the k-th training
  std::int64_t seeds = 1;  // trainings of every model
  c10::Device device = c10::Device(c10::kCPU);
  bool resume = false;
  const std::atomic<bool>* stop = nullptr;  // set by Ctrl-C
};

// Draws and labels the programs, or reads them back when the folder holds the same draw. Writes DIR/data.safetensors.
Splits make_data(const Config& config, const Run& run);

// A model of the study: which network, how wide.
struct ModelSpec {
  std::string name;  // "implicit-8", "explicit-8", "explicit-8x6" (six rounds)
  std::string kind;  // implicit | explicit
  ModelOptions options;
  std::int64_t depth = 0;  // iterations of its last training stage (implicit)
};
std::vector<ModelSpec> models_of(const Config& config);
std::shared_ptr<Model> make_model(const ModelSpec& spec, std::uint64_t seed);  // seeds libtorch, then draws the weights

// Trains what is not trained yet. False: interrupted; what was done is in the checkpoints.
bool train_models(const Config& config, const Run& run, const Splits& data);

// Measures every trained model. Errors: a model file that is missing (train first).
base::StudyRecord evaluate(const Config& config, const Run& run, const Splits& data);

}  // namespace fathom::lp
