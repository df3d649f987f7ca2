// Where a model's weights come from: a function that gives the tensor of a name, one at a time, so that a model much
// larger than any of its tensors can be read, converted and packed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "fathom/tensor/tensor.h"

namespace fathom::llm {

struct Weights {
  std::function<bool(const std::string& name)> has;
  std::function<Tensor(const std::string& name)> get;  // on the CPU, in the file's dtype, to be read only
  std::string origin;

  // The tensor as contiguous float32. Throws Error when it is absent or not of this shape.
  Tensor floats(const std::string& name, const std::vector<std::int64_t>& shape) const;
};

// The tensors of a checkpoint folder where its files are mapped: model.safetensors, or the shards that
// model.safetensors.index.json names.
Weights read_weights(const std::filesystem::path& folder);

// The parameters of a module under their names.
Weights weights_of(const torch::nn::Module& module);

// Copies every parameter of `module` from the tensor of its name. dtype and device of the parameters are kept.
void load(torch::nn::Module& module, const Weights& weights);

}  // namespace fathom::llm
