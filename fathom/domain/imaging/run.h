// One run of the study in a folder: its crops, its models and what they measure. Each stage reads and writes files, so
// each can be run alone and an interrupted run goes on where it stopped.
//
//   DIR/data.safetensors                        make_data (data.h)
//   DIR/models/denoiser-seed<k>.safetensors     train_models   the denoiser that every model starts from
//   DIR/models/<model>-seed<k>.safetensors      train_models   (checkpoints and logs beside them in DIR/train/)
//   StudyRecord                                 evaluate       (the program writes it as DIR/study.json)
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

#include <c10/core/Device.h>

#include "fathom/base/record.h"
#include "fathom/domain/imaging/config.h"
#include "fathom/domain/imaging/data.h"

namespace fathom::imaging {

struct Run {
  std::filesystem::path folder;
  std::uint64_t seed = 0;  // of data and, plus k, of the k-th training
  std::int64_t seeds = 1;  // trainings of every model
  c10::Device device = c10::Device(c10::kCPU);
  bool resume = false;
  const std::atomic<bool>* stop = nullptr;  // set by Ctrl-C
};

// Trains what is not trained yet. False: interrupted; what was done is in the checkpoints.
bool train_models(const Config& config, const Run& run, const ImageData& data);

// Measures every trained model. Errors: a model file that is missing (train first).
base::StudyRecord evaluate(const Config& config, const Run& run, const ImageData& data);

}  // namespace fathom::imaging
