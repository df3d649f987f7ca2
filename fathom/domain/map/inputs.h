// The samples on which somebody's map is looked at.
#pragma once

#include <filesystem>

#include "fathom/tensor/script_map.h"

namespace fathom::map {

struct Inputs {
  Tensor x, y0;   // (B, ...)
  Tensor target;  // what the fixed points should be; undefined where not known

  std::int64_t samples() const { return x.size(0); }
  Inputs first(std::int64_t rows) const;  // at most so many
};

// 'x', 'y0' and 'target' of an .npz or .safetensors file, in `dtype` (that of x if there is none) on `device`. Without
// y0 the start is zeros like x. Errors (fathom::Error): no 'x', a name that is none of the three (with the nearest), x
// not of floats where there is no dtype, other numbers of samples.
Inputs read_inputs(const std::filesystem::path& file, std::optional<at::ScalarType> dtype, c10::Device device);

// The map with its inputs, checked against each other (ScriptMap::check).
struct Subject {
  tensor::ScriptMap G;
  Inputs inputs;
};
Subject load(const std::filesystem::path& model, const std::filesystem::path& input, c10::Device device);

}  // namespace fathom::map
