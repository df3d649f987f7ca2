// Which models a study trains, in which order: the rivals of an implicit model follow it, for they get its training
// time.
#include <fmt/format.h>

#include "fathom/domain/lp/run.h"
#include "fathom/tensor/device.h"

namespace fathom::lp {

std::vector<ModelSpec> models_of(const Config& config) {
  std::vector<ModelSpec> models;
  for (const std::int64_t d : config.embeddings) {
    const ModelOptions options{.embedding = d, .bound_flags = config.bound_flags};
    models.push_back({fmt::format("implicit-{}", d), "implicit", options,
                      config.stage2.epochs > 0 ? config.stage2.depth : config.stage1.depth});
    if (!config.rivals.train) continue;
    models.push_back({fmt::format("explicit-{}", d), "explicit", options});
    ModelOptions deep = options;
    deep.rounds = config.rivals.rounds;
    if (deep.rounds != options.rounds)
      models.push_back({fmt::format("explicit-{}x{}", d, deep.rounds), "explicit", deep});
  }
  return models;
}

std::shared_ptr<Model> make_model(const ModelSpec& spec, std::uint64_t seed) {
  tensor::seed(seed);
  if (spec.kind == "implicit") return std::make_shared<ImplicitGnn>(spec.options);
  return std::make_shared<ExplicitGnn>(spec.options);
}

}  // namespace fathom::lp
