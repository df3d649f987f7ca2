// The dense cell with weights in a short format, for few samples and a large matrix, where reading it is the cost:
//   G(y, x) = act( W y + b + x ),   W in bf16, int8 or int4 (kernel/gemv.h), the state and all sums in float32
//
//   auto weights = nn::short_weights(W, b, kernel::WeightFormat::bf16, Activation::tanh);
//   Map map = nn::gemv_map(weights, x);
//
// Shapes   W (D, D), b (D) or undefined, y and x (B, D) float32 on the CPU.
// Rounded  once, in short_weights, as kernel/gemv.h says; packed and callable use the very same rounded numbers, so a
//          solve with the one is a solve with the other. Weights get no gradient: x and y do.
// Memory   2, 1.03 or 0.53 bytes a weight; the callable adds a float32 copy at its first call.
// Errors   (fathom::Error): W not square, b or x of another size, type or device; for int8 and int4 a
//          weight that is not finite.
#pragma once

#include <memory>

#include "fathom/kernel/gemv.h"
#include "fathom/tensor/map.h"
#include "fathom/tensor/tensor.h"

namespace fathom::nn {

std::shared_ptr<const kernel::Gemv> short_weights(const Tensor& weight, const Tensor& bias, kernel::WeightFormat format,
                                                  kernel::Activation act);

Map gemv_map(std::shared_ptr<const kernel::Gemv> weights, const Tensor& injection);

}  // namespace fathom::nn
