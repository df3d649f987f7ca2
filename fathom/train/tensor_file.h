// Named tensors in safetensors files: models and checkpoints.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "fathom/io/safetensors.h"
#include "fathom/train/fit.h"

namespace fathom::train {

io::TensorRecord to_record(const std::string& name, const Tensor& tensor);
Tensor from_record(const io::TensorRecord& record);  // CPU

// A model: its parameters under their names, and metadata (configuration, figures, how it was made).
void save_model(const std::filesystem::path& path, const NamedTensors& parameters,
                const std::map<std::string, std::string>& metadata);

// Copies the file's tensors into `parameters` (dtype and device of the parameters are kept); returns the metadata.
// Errors, before anything is changed: a name missing in the file or unknown to the model, or a shape that differs.
std::map<std::string, std::string> load_model(const std::filesystem::path& path, const NamedTensors& parameters);

// The same from tensors already read; `prefix` is put before each parameter's name, tensors outside it are ignored.
void copy_into(const NamedTensors& parameters, const io::Safetensors& file, const std::string& prefix,
               const std::string& origin);

}  // namespace fathom::train
