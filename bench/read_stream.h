// What memory gives one thread: the time of read_stream() is the limit of whatever must read as many bytes.
#pragma once

#include <cstdint>

#include "fathom/tensor/tensor.h"

namespace fathom::bench {

// The sum of an array of floats, four vectors at a time.
inline float read_stream(const Tensor& data) {
  using Vector = float __attribute__((vector_size(64)));  // as tensors are aligned
  const auto* at = reinterpret_cast<const Vector*>(data.data_ptr<float>());
  Vector sum[4] = {};
  for (std::int64_t i = 0; i + 4 <= data.numel() / 16; i += 4) {
    for (std::int64_t k = 0; k < 4; ++k) sum[k] += at[i + k];
  }
  float total = 0;
  for (const Vector& part : sum) {
    for (int k = 0; k < 16; ++k) total += part[k];
  }
  return total;
}

}  // namespace fathom::bench
