// Between rows of float32 in plain memory and tensors of any dtype and device.
#pragma once

#include <cstdint>

#include "fathom/tensor/tensor.h"

namespace fathom::llm {

Tensor rows_from(const float* rows, std::int64_t count, std::int64_t width, const at::TensorOptions& type);
void rows_to(const Tensor& rows, float* out);

}  // namespace fathom::llm
