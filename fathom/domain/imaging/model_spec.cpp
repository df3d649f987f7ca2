#include "fathom/domain/imaging/model_spec.h"

#include <fmt/format.h>

namespace fathom::imaging {

std::vector<ModelSpec> models_of(const Config& config) {
  const TrainConfig& train = config.train;
  const auto options = [&](const std::string& kind, const std::string& step, std::int64_t layers) {
    return ModelOptions{.kind = kind,
                        .step = step,
                        .layers = layers,
                        .start = train.start,
                        .stepsize = step == "pgd" ? train.pgd_stepsize : train.hqs_stepsize,
                        .sigma = train.sigma,
                        .network = config.network};
  };
  std::vector<ModelSpec> models = {{"implicit-hqs", options("implicit", "hqs", 1)},
                                   {"implicit-pgd", options("implicit", "pgd", 1)}};
  if (!config.rivals.train) return models;
  models.push_back({"drunet", options("unrolled", "denoise", 1)});
  models.back().options.start = "y";  // from zero it would see nothing of the data
  for (const std::int64_t layers : config.rivals.layers) {
    models.push_back(
        {fmt::format("unrolled-{}-{}", config.rivals.step, layers), options("unrolled", config.rivals.step, layers)});
  }
  return models;
}

}  // namespace fathom::imaging
