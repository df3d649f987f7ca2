#include "fathom/train/tensor_file.h"

#include <cstring>
#include <set>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::train {

namespace {

io::DType record_dtype(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return io::DType::f64;
    case at::kFloat:
      return io::DType::f32;
    case at::kHalf:
      return io::DType::f16;
    case at::kBFloat16:
      return io::DType::bf16;
    case at::kLong:
      return io::DType::i64;
    case at::kInt:
      return io::DType::i32;
    case at::kShort:
      return io::DType::i16;
    case at::kChar:
      return io::DType::i8;
    case at::kByte:
      return io::DType::u8;
    case at::kBool:
      return io::DType::boolean;
    default:
      base::fail("train::to_record", "dtype {} violates what safetensors holds; convert the tensor first",
                 c10::toString(type));
  }
}

at::ScalarType tensor_dtype(io::DType type) {
  switch (type) {
    case io::DType::f64:
      return at::kDouble;
    case io::DType::f32:
      return at::kFloat;
    case io::DType::f16:
      return at::kHalf;
    case io::DType::bf16:
      return at::kBFloat16;
    case io::DType::i64:
      return at::kLong;
    case io::DType::i32:
      return at::kInt;
    case io::DType::i16:
      return at::kShort;
    case io::DType::i8:
      return at::kChar;
    case io::DType::u8:
      return at::kByte;
    case io::DType::boolean:
      return at::kBool;
  }
  base::fail("train::from_record", "unknown dtype");
}

}  // namespace

io::TensorRecord to_record(const std::string& name, const Tensor& tensor) {
  const Tensor host = tensor.detach().cpu().contiguous();
  io::TensorRecord record;
  record.name = name;
  record.dtype = record_dtype(host.scalar_type());
  record.shape = host.sizes().vec();
  record.bytes.resize(host.nbytes());
  std::memcpy(record.bytes.data(), host.data_ptr(), host.nbytes());
  return record;
}

Tensor from_record(const io::TensorRecord& record) {
  Tensor tensor = at::empty(record.shape, at::TensorOptions().dtype(tensor_dtype(record.dtype)));
  std::memcpy(tensor.data_ptr(), record.bytes.data(), tensor.nbytes());
  return tensor;
}

Tensor mapped_tensor(const std::shared_ptr<const io::WeightFiles>& files, std::string_view name) {
  const io::WeightView& weight = files->at(name);
  const auto options = at::TensorOptions().dtype(tensor_dtype(weight.dtype));
  const auto address = reinterpret_cast<std::uintptr_t>(weight.bytes.data());
  if (weight.bytes.empty() || address % io::size_of(weight.dtype) != 0) {
    Tensor copy = at::empty(weight.shape, options);
    std::memcpy(copy.data_ptr(), weight.bytes.data(), weight.bytes.size());
    io::release(weight);
    return copy;
  }
  const auto give_back = [files, &weight](void*) { io::release(weight); };
  return at::from_blob(const_cast<char*>(weight.bytes.data()), weight.shape, give_back, options);
}

void save_model(const std::filesystem::path& path, const NamedTensors& parameters,
                const std::map<std::string, std::string>& metadata) {
  io::Safetensors file;
  file.metadata = metadata;
  for (const auto& [name, tensor] : parameters) file.tensors.push_back(to_record(name, tensor));
  io::write_safetensors(path, file);
}

void copy_into(const NamedTensors& parameters, const io::Safetensors& file, const std::string& prefix,
               const std::string& origin) {
  std::set<std::string> expected;
  for (const auto& [name, tensor] : parameters) {
    const io::TensorRecord* record = file.find(prefix + name);
    if (!record)
      base::fail("train::load", "{} has no tensor '{}{}'; is it a file of this model?", origin, prefix, name);
    if (at::IntArrayRef(record->shape) != tensor.sizes()) {
      base::fail("train::load", "'{}{}' in {} has shape {}, the model needs {}; check the model's options", prefix,
                 name, origin, fmt::streamed(at::IntArrayRef(record->shape)), fmt::streamed(tensor.sizes()));
    }
    expected.insert(prefix + name);
  }
  for (const io::TensorRecord& record : file.tensors) {
    if (record.name.starts_with(prefix) && !expected.contains(record.name)) {
      base::fail("train::load", "{} holds '{}', which the model does not have; check the model's options", origin,
                 record.name);
    }
  }
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : parameters) Tensor(tensor).copy_(from_record(file.at(prefix + name)));
}

std::map<std::string, std::string> load_model(const std::filesystem::path& path, const NamedTensors& parameters) {
  const io::Safetensors file = io::read_safetensors(path);
  copy_into(parameters, file, "", path.string());
  return file.metadata;
}

}  // namespace fathom::train
