// Named tensors in safetensors files: models and checkpoints.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "fathom/io/safetensors.h"
#include "fathom/io/weight_files.h"
#include "fathom/train/fit.h"

namespace fathom::train {

io::TensorRecord to_record(const std::string& name, const Tensor& tensor);
Tensor from_record(const io::TensorRecord& record);  // CPU

// The weight of that name where its file is mapped: nothing is copied, pages are read when they are touched and go back
// to the system with the last reference to the tensor, which keeps `files` alive. For reading only: writing to it is an
// access violation. A weight that does not lie aligned to its element is copied. Errors: no such name.
Tensor mapped_tensor(const std::shared_ptr<const io::WeightFiles>& files, std::string_view name);

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
