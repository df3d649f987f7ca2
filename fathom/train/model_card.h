// What the metadata of a model file says of its model, as fields: read and checked as options are, so that a damaged
// number never becomes the size of a tensor.
#pragma once

#include <string>
#include <string_view>

#include "fathom/base/fields.h"
#include "fathom/io/safetensors.h"

namespace torch::nn {
class Module;
}

namespace fathom::train {

// Sets every field from the metadata of `file`. Errors (fathom::Error): "[place] origin ..." where one is missing or
// violates its bounds.
void read_card(const base::Fields& fields, const io::Safetensors& file, std::string_view place,
               const std::string& origin);

// Errors (fathom::Error): the first parameter that holds NaN or infinity.
void require_finite(const torch::nn::Module& model, std::string_view place, const std::string& origin);

}  // namespace fathom::train
