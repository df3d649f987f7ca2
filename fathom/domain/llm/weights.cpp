#include "fathom/domain/llm/weights.h"

#include <map>
#include <memory>

#include <ATen/core/grad_mode.h>
#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/io/weight_files.h"
#include "fathom/train/tensor_file.h"

namespace fathom::llm {

namespace {

constexpr const char* kPlace = "llm::weights";

void check_shape(const Tensor& tensor, const std::vector<std::int64_t>& shape, const std::string& name,
                 const std::string& origin) {
  if (tensor.sizes() == at::IntArrayRef(shape)) return;
  base::fail(kPlace, "{}: {} has shape [{}], the model needs [{}]", origin, name, fmt::join(tensor.sizes(), ", "),
             fmt::join(shape, ", "));
}

}  // namespace

Tensor Weights::floats(const std::string& name, const std::vector<std::int64_t>& shape) const {
  if (!has(name)) base::fail(kPlace, "{} has no tensor {}", origin, name);
  const Tensor tensor = get(name);
  check_shape(tensor, shape, name, origin);
  return tensor.to(at::kFloat).contiguous();
}

Weights read_weights(const std::filesystem::path& folder) {
  const auto files = std::make_shared<const io::WeightFiles>(io::WeightFiles::open(folder));
  return {[files](const std::string& name) { return files->find(name) != nullptr; },
          [files](const std::string& name) { return train::mapped_tensor(files, name); }, folder.string()};
}

Weights weights_of(const torch::nn::Module& module) {
  auto parameters = std::make_shared<std::map<std::string, Tensor>>();
  for (const auto& item : module.named_parameters()) (*parameters)[item.key()] = item.value().detach();
  return {[parameters](const std::string& name) { return parameters->contains(name); },
          [parameters](const std::string& name) { return parameters->at(name); }, "the module"};
}

void load(torch::nn::Module& module, const Weights& weights) {
  const at::NoGradGuard no_grad;
  for (const auto& item : module.named_parameters()) {
    if (!weights.has(item.key())) base::fail(kPlace, "{} has no tensor {}", weights.origin, item.key());
    const Tensor tensor = weights.get(item.key());
    check_shape(tensor, item.value().sizes().vec(), item.key(), weights.origin);
    item.value().copy_(tensor);
  }
}

}  // namespace fathom::llm
