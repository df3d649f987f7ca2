// Root mean square normalisation of rows, with the sum before it:
//   y = s / sqrt(mean(s^2) + eps) * w,   s = x + r,  or x where r is null
// The sum of squares is a float32 sum in vectors. With u = 2^-24 a result is within (width / 8 + 6) u of the exact one
// of the float s, relatively, and s is within u of x + r.
// Shapes  x, r, y (rows, width) contiguous, w (width); y may be x or r.
// Cost    two passes over a row that is in the cache. A row has the same bits alone and in a batch.
#pragma once

#include <cstdint>

namespace fathom::kernel {

void rms_norm(std::int64_t rows, std::int64_t width, const float* x, const float* r, const float* weight, float eps,
              float* y);

}  // namespace fathom::kernel
