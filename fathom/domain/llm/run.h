// One run of the study in a folder. Each stage reads and writes files, so each can be run alone and an interrupted run
// goes on where it stopped.
//
//   DIR/data.safetensors            make_corpus     the text and its split
//   DIR/models/<model>-seed<k>/     train_models    a checkpoint folder each (logs and states of fits in DIR/train/)
//   DIR/pairs.csv                   evaluate        the answers to prompt pairs, where asked for
//   StudyRecord                     evaluate        (the program writes it as DIR/study.json)
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/llm/config.h"
#include "fathom/domain/llm/corpus.h"
#include "fathom/domain/llm/raven.h"

namespace fathom::llm {

struct Run {
  std::filesystem::path folder;
  std::uint64_t seed = 0;  // of the split and, plus k, of the k-th training
  std::int64_t seeds = 1;  // trainings of every model
  bool resume = false;
  const std::atomic<bool>* stop = nullptr;  // set by Ctrl-C
};

// Reads and splits the text, or reads the folder's split back when it is of the same text. Writes DIR/data.safetensors.
Corpus make_corpus(const Config& config, const Run& run);

// A model of the study.
//   looped         r recurrences on average
//   feed-forward   the same blocks passed once from x_0 = 0: equal parameters
//   untied         P + C r + D different layers passed once: equal compute at the mean
struct ModelSpec {
  std::string name;
  std::string kind;  // implicit | explicit
  ModelConfig config;
};
std::vector<ModelSpec> models_of(const Config& config);

// Trains what is not trained yet. False: interrupted; what was done is in the checkpoints.
bool train_models(const Config& config, const Run& run, const Corpus& corpus);

// Measures every trained model, if there is a text, and answers the prompt pairs, if there are any. `shipped` is the
// folder of the model that answers where neither training nor study.checkpoint gives one. Errors: a model that is
// missing (train first).
base::StudyRecord evaluate(const Config& config, const Run& run, const std::filesystem::path& shipped);

}  // namespace fathom::llm
