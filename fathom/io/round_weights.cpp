#include "fathom/io/round_weights.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"

namespace fathom::io {
namespace {

constexpr const char* kPlace = "io::round_weights";

bool is_weight_format(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16; }

double error_of(const TensorRecord& from, const TensorRecord& to) {
  const std::vector<double> before = to_doubles(from), after = to_doubles(to);
  double error = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!std::isfinite(before[i])) continue;
    if (!std::isfinite(after[i])) {
      base::fail(kPlace, "'{}'[{}] = {:g} violates <= the largest {}; take a wider format", from.name, i, before[i],
                 name_of(to.dtype));
    }
    error = std::max(error, std::abs(after[i] - before[i]));
  }
  return error;
}

}  // namespace

Rounding round_weights(std::vector<TensorRecord>& tensors, DType dtype) {
  if (!is_weight_format(dtype)) base::fail(kPlace, "dtype = {} violates f32|f16|bf16; name one", name_of(dtype));
  std::vector<TensorRecord> rounded = tensors;
  Rounding result;
  for (TensorRecord& tensor : rounded) {
    if (!is_weight_format(tensor.dtype) || tensor.shape.size() < 2) continue;
    TensorRecord other = from_doubles(tensor.name, tensor.shape, to_doubles(tensor), dtype);
    result.error = std::max(result.error, error_of(tensor, other));
    ++result.tensors;
    tensor = std::move(other);
  }
  tensors = std::move(rounded);
  return result;
}

}  // namespace fathom::io
