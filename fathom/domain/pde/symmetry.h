// The symmetries of the square that turn a steady flow into another: for training on eight flows where one was solved.
//
//   bit 1   x -> -x:        (f1, f2)(x, y) -> (-f1, f2)(-x, y),    w -> -w(-x, y)
//   bit 2   y -> -y:        (f1, -f2)(x, -y),                      w -> -w(x, -y)
//   bit 4   x <-> y, last:  (f2, f1)(y, x),                        w -> -w(y, x)
//
// A mirror turns the sense of rotation, and so the sign of w. Points are 2 pi i / N, so that -x is at (N - i) mod N.
// Shapes   forcing (B, 2, H, W), vorticity (B, H, W), H = W where bit 4 is set; all rows alike.
#pragma once

#include <cstdint>

#include "fathom/tensor/tensor.h"

namespace fathom::pde {

inline constexpr std::int64_t kSymmetries = 8;

struct ForcedFlow {
  Tensor forcing, vorticity;
};

ForcedFlow mirrored(const ForcedFlow& flow, std::int64_t symmetry);  // 0 <= symmetry < 8; 0: itself

}  // namespace fathom::pde
