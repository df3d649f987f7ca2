#include "fathom/tensor/convert.h"

#include <ATen/ops/empty.h>

#include "fathom/base/error.h"

namespace fathom::tensor {

namespace {

std::int64_t elements(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

template <class Value>
Tensor copy_of(const std::vector<Value>& values, const std::vector<std::int64_t>& shape, at::ScalarType dtype) {
  if (elements(shape) != static_cast<std::int64_t>(values.size())) {
    base::fail("tensor::from", "{} values do not fill a shape of {} elements", values.size(), elements(shape));
  }
  Tensor out = at::empty(shape, at::TensorOptions().dtype(dtype));
  std::copy(values.begin(), values.end(), out.data_ptr<Value>());
  return out;
}

}  // namespace

std::vector<double> to_doubles(const Tensor& values) {
  const Tensor flat = values.detach().to(at::kCPU, at::kDouble).contiguous();
  const double* first = flat.data_ptr<double>();
  return {first, first + flat.numel()};
}

Tensor from_doubles(const std::vector<double>& values, std::vector<std::int64_t> shape, at::ScalarType dtype) {
  return copy_of(values, shape, at::kDouble).to(dtype);
}

Tensor from_int64s(const std::vector<std::int64_t>& values, std::vector<std::int64_t> shape) {
  return copy_of(values, shape, at::kLong);
}

at::ScalarType dtype_of(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "float64") return at::kDouble;
  if (name == "bfloat16") return at::kBFloat16;
  if (name == "float16") return at::kHalf;
  if (name == "int64") return at::kLong;
  if (name == "uint8") return at::kByte;
  throw UsageError(fmt::format(
      "[tensor::dtype_of] dtype = '{}' violates float32|float64|bfloat16|float16|int64|uint8; name one of these",
      name));
}

}  // namespace fathom::tensor
