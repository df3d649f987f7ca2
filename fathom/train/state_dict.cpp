#include "fathom/train/state_dict.h"

#include <algorithm>
#include <map>

#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/io/state_dict.h"
#include "fathom/train/tensor_file.h"

namespace fathom::train {

namespace {

constexpr std::size_t kListed = 8;  // of the findings, so that a file of another model gives no page of names

using Records = std::map<std::string, const io::TensorRecord*>;

// The names in `from` that `other` lacks.
template <class From, class Other>
std::vector<std::string> lacking(const From& from, const Other& other) {
  std::vector<std::string> names;
  for (const auto& [name, value] : from) {
    if (!other.contains(name)) names.push_back(name);
  }
  return names;
}

std::string with_nearest(const std::string& kind, const std::string& name, const std::vector<std::string>& others,
                         const char* where) {
  const std::string near = base::nearest(name, others);
  return fmt::format("{} '{}'{}", kind, name, near.empty() ? "" : fmt::format(" ({} '{}')", where, near));
}

// Empty where the record can be copied into the tensor.
std::string misfit(const io::TensorRecord& record, const Tensor& tensor) {
  if (at::IntArrayRef(record.shape) != tensor.sizes()) {
    return fmt::format("'{}' has shape {}, the model needs {}", record.name, io::shape_text(record.shape),
                       io::shape_text(tensor.sizes().vec()));
  }
  if (io::is_float(record.dtype) != tensor.is_floating_point()) {
    return fmt::format("'{}' is of {}, the model needs {}", record.name, io::name_of(record.dtype),
                       tensor.is_floating_point() ? "floats" : "integers");
  }
  return "";
}

std::vector<std::string> findings(const Records& records, const std::map<std::string, Tensor>& state) {
  const std::vector<std::string> missing = lacking(state, records), unexpected = lacking(records, state);
  std::vector<std::string> list;
  for (const std::string& name : missing) list.push_back(with_nearest("missing", name, unexpected, "the file has"));
  for (const std::string& name : unexpected) {
    list.push_back(with_nearest("unexpected", name, missing, "the model has"));
  }
  for (const auto& [name, tensor] : state) {
    if (!records.contains(name)) continue;
    if (std::string text = misfit(*records.at(name), tensor); !text.empty()) list.push_back(std::move(text));
  }
  return list;
}

void refuse(const std::vector<std::string>& found, const std::string& origin) {
  const std::vector<std::string> listed(found.begin(), found.begin() + std::min(found.size(), kListed));
  base::fail("train::load_state_dict", "{} does not fit the model: {}{}", origin, fmt::join(listed, "; "),
             found.size() > kListed ? fmt::format("; and {} more", found.size() - kListed) : "");
}

}  // namespace

NamedTensors named_state(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

void load_state_dict(const std::filesystem::path& path, const NamedTensors& state) {
  load_state_dict(io::read_state_dict(path).tensors, state, path.string());
}

void load_state_dict(const std::vector<io::TensorRecord>& file, const NamedTensors& state, const std::string& origin) {
  Records records;
  for (const io::TensorRecord& record : file) records.emplace(record.name, &record);
  const std::map<std::string, Tensor> wanted(state.begin(), state.end());
  if (const std::vector<std::string> found = findings(records, wanted); !found.empty()) refuse(found, origin);
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : wanted) Tensor(tensor).copy_(from_record(*records.at(name)));
}

}  // namespace fathom::train
