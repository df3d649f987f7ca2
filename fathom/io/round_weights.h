// The weights of a network in another float format.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/io/tensor_record.h"

namespace fathom::io {

struct Rounding {
  std::int64_t tensors = 0;  // that were rounded
  double error = 0;          // the largest change of a number
};

// f32, f16 and bf16 tensors of two dimensions or more become `dtype`, one of these: rounded to nearest, ties to even.
// The others stay as they are: vectors and numbers (biases, step sizes) weigh little, f64 and integers are data.
// Throws Error for a finite number beyond dtype's largest, before anything is changed. Cost: a pass in double.
Rounding round_weights(std::vector<TensorRecord>& tensors, DType dtype);

}  // namespace fathom::io
