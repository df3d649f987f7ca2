// Which models a study trains, in which order: the looped one first, for its rivals may get its training time.
#include <cmath>

#include "fathom/domain/llm/run.h"

namespace fathom::llm {

namespace {

constexpr double kRopeBase = 10000;
constexpr double kNormEps = 1e-6;

ModelConfig looped(const ShapeConfig& shape) {
  ModelConfig c;
  c.width = shape.width;
  c.heads = shape.heads;
  c.hidden = shape.hidden;
  c.vocabulary = kByteVocabulary;
  c.context = shape.context;
  c.prelude = shape.prelude;
  c.core = shape.core;
  c.coda = shape.coda;
  c.recurrences = shape.recurrences;
  c.backprop_depth = shape.backprop_depth;
  c.rope_base = kRopeBase;
  c.norm_eps = kNormEps;
  const double width = static_cast<double>(c.width);
  c.embedding_scale = std::sqrt(width);
  c.init_std = std::sqrt(2 / (5 * width));
  c.qk_bias = true;
  c.tied = true;
  return c;
}

ModelConfig passed_once(ModelConfig c) {
  c.recurrences = c.backprop_depth = 1;
  return c;
}

// The first r - 1 passes through the loop become layers of their own before it.
ModelConfig untied(ModelConfig c) {
  c.prelude += c.core * (c.recurrences - 1);
  return passed_once(c);
}

}  // namespace

std::vector<ModelSpec> models_of(const Config& config) {
  const ModelConfig loop = looped(config.model);
  std::vector<ModelSpec> models = {{"looped", "implicit", loop}};
  if (config.rivals.train) models.push_back({"feed-forward", "explicit", passed_once(loop)});
  if (config.rivals.deep) models.push_back({"untied", "explicit", untied(loop)});
  return models;
}

}  // namespace fathom::llm
