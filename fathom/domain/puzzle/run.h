// One run of the study in a folder. Puzzles are drawn in memory, fresh for every update; only models are kept, and an
// interrupted run goes on where it stopped.
//
//   DIR/models/<model>-seed<k>.safetensors      train_models   (checkpoints and logs beside them in DIR/train/)
//   StudyRecord                                 evaluate       (the program writes it as DIR/study.json)
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

#include <c10/core/Device.h>

#include "fathom/base/record.h"
#include "fathom/domain/puzzle/config.h"

namespace fathom::puzzle {

struct Run {
  std::filesystem::path folder;
  std::uint64_t seed = 0;  // of the test puzzles and, plus k, of the k-th training
  std::int64_t seeds = 1;  // trainings of every model
  c10::Device device = c10::Device(c10::kCPU);
  bool resume = false;
  const std::atomic<bool>* stop = nullptr;  // set by Ctrl-C
};

// Trains what is not trained yet. False: interrupted; what was done is in the checkpoints.
bool train_models(const Config& config, const Run& run);

// Measures every trained model. Errors: a model file that is missing (train first).
base::StudyRecord evaluate(const Config& config, const Run& run);

}  // namespace fathom::puzzle
