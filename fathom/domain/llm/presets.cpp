#include "fathom/base/preset.h"
#include "fathom/domain/llm/config.h"

namespace fathom::llm {

namespace {

// 1.1M parameters; random batches do not compare, so the last weights are kept.
Config full() {
  Config config;
  config.train.steps = 800;
  config.train.adam = {.lr = 2e-3, .beta2 = 0.99};
  config.train.schedule = "cosine";
  config.train.warmup = 50;
  config.train.final_factor = 0.02;
  config.train.keep = "last";
  config.train.clip_norm = 1;
  return config;
}

Config quick() {
  Config config = full();
  config.train.steps = 200;
  config.study.windows = 16;
  config.study.exit_windows = 8;
  return config;
}

// The pairs as the authors answered them, and a model of their mean number of recurrences.
Config paper() {
  Config config = full();
  config.model.recurrences = 32;
  config.model.backprop_depth = 8;
  config.rivals.deep = true;
  config.study.iterations = 128;
  return config;
}

}  // namespace

Config preset(std::string_view name) {
  if (name == "quick") return quick();
  if (name == "full") return full();
  if (name == "paper") return paper();
  base::refuse_preset(name);
}

}  // namespace fathom::llm
