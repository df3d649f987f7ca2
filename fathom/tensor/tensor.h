// The only door to libtorch. <ATen/core/ivalue.h> comes first because clang cannot parse libtorch 1.13 as C++20
// otherwise.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/Tensor.h>

namespace fathom::tensor {
using at::Tensor;
}  // namespace fathom::tensor

namespace fathom {
using tensor::Tensor;
}  // namespace fathom
