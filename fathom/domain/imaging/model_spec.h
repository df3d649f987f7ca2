// Which models a study trains. Plain values, no torch.
#pragma once

#include <string>
#include <vector>

#include "fathom/domain/imaging/config.h"
#include "fathom/domain/imaging/model_options.h"

namespace fathom::imaging {

struct ModelSpec {
  std::string name;  // "implicit-hqs", "implicit-pgd", "drunet" (the denoiser alone), "unrolled-hqs-4"
  ModelOptions options;
};

// The implicit models of both steps; of the same denoiser the explicit DRUNet; then unrolled models.
std::vector<ModelSpec> models_of(const Config& config);

}  // namespace fathom::imaging
