#include "fathom/domain/puzzle/model_spec.h"

#include <algorithm>

#include <fmt/format.h>

namespace fathom::puzzle {

namespace {

// sudoku_net.h
std::int64_t sudoku_parameter_count(const ModelOptions& o) {
  return o.rounds * (6 * o.width * o.width + 2 * o.width) + o.width;
}

ModelOptions options_of(const Config& config) {
  ModelOptions options{.width = config.chosen().width};
  if (config.task == "maze") {
    options.channels = 3;
    options.kernel_height = 3;
  } else if (config.task == "sudoku") {
    options.channels = options.classes = 9;
  }
  return options;
}

ModelSpec rival(const std::string& task, const ModelOptions& options) {
  return {fmt::format("explicit-{}x{}", options.width, options.rounds), "explicit", task, options};
}

std::vector<ModelSpec> one_for_each_loss(const std::string& task, const ModelOptions& options, std::int64_t depth) {
  std::vector<ModelSpec> models;
  for (const char* loss : {"random", "progressive", "implicit", "phantom"})
    models.push_back({fmt::format("looped-{}", loss), "implicit", task, options, depth, loss});
  return models;
}

}  // namespace

std::int64_t parameter_count(const ModelOptions& o) {
  if (o.classes == 9) return sudoku_parameter_count(o);
  const std::int64_t taps = 3 * o.kernel_height, w = o.width;
  const std::int64_t block = 3 * w * w + o.channels * w;
  return taps * (o.channels * w + o.rounds * block + w * w + w * o.classes);
}

std::int64_t width_for(ModelOptions options, std::int64_t parameters) {
  options.width = 1;
  while (parameter_count(options) <= parameters) ++options.width;
  return std::max<std::int64_t>(1, options.width - 1);
}

std::vector<ModelSpec> models_of(const Config& config) {
  const TaskConfig& task = config.chosen();
  const ModelOptions options = options_of(config);
  if (task.loss_seconds > 0) return one_for_each_loss(config.task, options, task.stage1.depth);
  const std::int64_t depth = task.stage2.updates > 0 ? task.stage2.depth : task.stage1.depth;
  std::vector<ModelSpec> models{{fmt::format("implicit-{}", options.width), "implicit", config.task, options, depth}};
  if (!task.rivals) return models;
  ModelOptions wide = options;
  wide.rounds = task.rival_rounds;
  ModelOptions narrow = wide;
  if (task.narrow_rounds > 0) narrow.rounds = task.narrow_rounds;
  narrow.width = width_for(narrow, parameter_count(options));
  models.push_back(rival(config.task, narrow));
  if (narrow.width != wide.width || narrow.rounds != wide.rounds) models.push_back(rival(config.task, wide));
  return models;
}

}  // namespace fathom::puzzle
