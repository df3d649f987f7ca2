// The cell of convolutional equilibrium models and deep thinking networks:
//   G(y, x) = act( W * y + b + x ),   W * y a convolution that keeps the size of its field
//
//   Map map = nn::conv_map(W, b, x, Activation::relu);
//
// Shapes   y, x (B, C, H, W), weight (C, C, k, k) with k odd, bias (C) or undefined.
// Packed   float32 on the CPU carries packed weights (kernel/conv.h), relu and the sum with x fused into the
//          convolution; W and b are those of that moment, x is shared where it is contiguous. 3x3 kernels go by
//          Winograd's method, whose rounding differs, unless `precise` is asked for: gradient checks, bit-stable
//          records.
// Cost     2 k^2 C^2 H W operations a sample, 2.25 to 4 times fewer by Winograd; the packed vjp as much again, twice
// for
//          gelu and silu.
// Errors   (fathom::Error): weight not (C, C, k, k) with k odd, x or bias of other channels, types or devices.
#pragma once

#include "fathom/kernel/activation.h"
#include "fathom/tensor/map.h"
#include "fathom/tensor/tensor.h"

namespace fathom::nn {

Map conv_map(const Tensor& weight, const Tensor& bias, const Tensor& injection, kernel::Activation act,
             bool precise = false);

}  // namespace fathom::nn
