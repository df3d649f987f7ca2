#include "fathom/base/preset.h"
#include "fathom/domain/map/config.h"

namespace fathom::map {

Config preset(std::string_view name) {
  Config config;
  if (name == "quick") return config;
  if (name != "full" && name != "paper") base::refuse_preset(name);
  config.study = {.iterations = 256, .perturbed = 16, .perturbation = 1e-3};
  return config;
}

}  // namespace fathom::map
