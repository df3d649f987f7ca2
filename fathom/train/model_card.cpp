#include "fathom/train/model_card.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <torch/nn/module.h>

#include "fathom/base/error.h"
#include "fathom/train/fit.h"

namespace fathom::train {

void read_card(const base::Fields& fields, const io::Safetensors& file, std::string_view place,
               const std::string& origin) {
  for (const base::Field& field : fields.all()) {
    const auto found = file.metadata.find(field.name);
    if (found == file.metadata.end())
      base::fail(place, "{} says nothing of '{}'; train the model again", origin, field.name);
    try {
      field.set(found->second);
    } catch (const UsageError& error) {
      base::fail(place, "{} is damaged: {}", origin, error.what());
    }
  }
}

void require_finite(const torch::nn::Module& model, std::string_view place, const std::string& origin) {
  for (const auto& [name, tensor] : named_parameters(model)) {
    if (at::isfinite(tensor).all().item<bool>()) continue;
    base::fail(place, "'{}' in {} holds NaN or infinity; train the model again", name, origin);
  }
}

}  // namespace fathom::train
