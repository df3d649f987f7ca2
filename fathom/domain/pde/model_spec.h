// Which networks a study trains. Plain values, no torch.
#pragma once

#include <string>
#include <vector>

#include "fathom/domain/pde/config.h"
#include "fathom/domain/pde/model_options.h"

namespace fathom::pde {

struct ModelSpec {
  std::string name;  // "implicit-16", "fno-16", "fno++-16x2" (two blocks), "fno++norm-16"
  ModelOptions options;
};

// The implicit network; of as many parameters the explicit FNO, the FNO++ and a normalised FNO++; then FNO++ networks
// of more blocks and of more channels.
std::vector<ModelSpec> models_of(const Config& config);

}  // namespace fathom::pde
