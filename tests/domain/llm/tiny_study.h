// A study of seconds: a text of one sentence, a model of a few thousand parameters.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/domain/llm/run.h"
#include "fathom/tensor/device.h"

namespace fathom::llm {

inline Config tiny_config(const std::string& corpus) {
  Config config = preset("quick");
  config.data = {.corpus = corpus, .window = 24, .block = 64, .held_out = 0.2, .batch = 4};
  config.model = {.width = 32,
                  .heads = 2,
                  .hidden = 64,
                  .prelude = 1,
                  .core = 2,
                  .coda = 1,
                  .recurrences = 4,
                  .backprop_depth = 2,
                  .context = 64};
  config.train.steps = 40;
  config.train.warmup = 5;
  config.train.adam.lr = 1e-2;
  config.study.iterations = 16;
  config.study.windows = 4;
  config.study.perturbed = 2;
  config.study.exit_windows = 2;
  config.study.exit_thresholds = {0.3, 0.05};
  config.study.exit_divergences = {1e-2};
  config.study.pair_steps = {1, 3};
  config.study.pair_tokens = 40;
  config.study.pair_batch = 3;
  return config;
}

class TinyStudy : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_level(base::Level::quiet);
    tensor::set_threads(1);
    root_ = std::filesystem::temp_directory_path() / ("fathom-llm-" + std::to_string(::getpid()));
    std::filesystem::remove_all(root_);
  }
  void TearDown() override {
    std::filesystem::remove_all(root_);
    base::set_level(base::Level::info);
  }

  llm::Run run(const char* name) const { return {.folder = root_ / name, .seed = 3}; }

  std::string text() const {
    std::string text;
    for (int i = 0; i < 100; ++i) text += i % 3 == 0 ? "the cat sat. " : "a cat ate. ";
    base::write_atomically(root_ / "text.txt", text);
    return (root_ / "text.txt").string();
  }

  std::filesystem::path root_;
};

}  // namespace fathom::llm
