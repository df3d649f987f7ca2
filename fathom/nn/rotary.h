// Rotary position embedding [Su2021] arXiv:2104.09864: pairs of channels turned by an angle that grows with the
// position
//   (a, b) -> (a cos t - b sin t, b cos t + a sin t),   t = position * base^(-2 i / d),   i < d / 2
//
//   neighbours   pair i is channels 2 i, 2 i + 1
//   halves       pair i is channels i, i + d/2
//
// Angles, cosines and the turn itself are float32 (the turn of a float64 is float64); the result is rounded to the
// dtype of the input. At position p an angle is off by at most about p 2^-23. Shapes   table (positions, d / 2); x
// (..., rows, heads, d) with a table of `rows` positions. Errors (fathom::Error): d odd.
#pragma once

#include <cstdint>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

enum class RotaryPairs { neighbours, halves };

struct RotaryTable {
  Tensor cos, sin;  // float32 (positions, d / 2)

  RotaryTable at(const Tensor& positions) const;  // the rows of int64 (rows)
};

RotaryTable rotary_table(std::int64_t positions, std::int64_t head_dim, double base);

Tensor rotate(const Tensor& x, const RotaryTable& at_rows, RotaryPairs pairs);

}  // namespace fathom::nn
