// Between tensors and plain numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

std::vector<double> to_doubles(const Tensor& values);  // any dtype and device, row-major
Tensor from_doubles(const std::vector<double>& values, std::vector<std::int64_t> shape,
                    at::ScalarType dtype = at::kFloat);
Tensor from_int64s(const std::vector<std::int64_t>& values, std::vector<std::int64_t> shape);

// "float32", "float64", "bfloat16", "float16", "int64", ... as users write them; Error for others.
at::ScalarType dtype_of(const std::string& name);

}  // namespace fathom::tensor
