#include "fathom/domain/pde/model_spec.h"

#include <fmt/format.h>

namespace fathom::pde {

namespace {

ModelSpec spec_of(const std::string& word, ModelOptions options, const std::string& kind, bool normalize) {
  options.kind = kind;
  options.normalize = normalize;
  std::string name = fmt::format("{}-{}", word, options.width);
  if (options.depth > 1) name += fmt::format("x{}", options.depth);
  return {name, options};
}

}  // namespace

std::vector<ModelSpec> models_of(const Config& config) {
  const NetworkConfig& network = config.network;
  const ModelOptions options{
      .width = network.width, .modes = network.modes, .padding = network.padding, .coordinates = network.coordinates};
  std::vector<ModelSpec> models{spec_of("implicit", options, "implicit", true)};
  if (!config.rivals.train) return models;
  models.push_back(spec_of("fno", options, "fno", true));
  models.push_back(spec_of("fno++norm", options, "fno++", true));
  for (const std::int64_t depth : config.rivals.depths) {
    ModelOptions deep = options;
    deep.depth = depth;
    models.push_back(spec_of("fno++", deep, "fno++", false));
  }
  for (const std::int64_t width : config.rivals.widths) {
    ModelOptions wide = options;
    wide.width = width;
    if (width != options.width) models.push_back(spec_of("fno++", wide, "fno++", false));
  }
  return models;
}

}  // namespace fathom::pde
