// The rows of a batched fixed-point iteration: residuals, the step y+ = (1-tau) y + tau g, the best iterate.
//
// A batch is a row-major matrix. y and g = G(y) hold the rows that are still evaluated, one per
// slot; what is kept per sample (best iterate, history) stays where it is, one row per sample of
// the full batch, so dropping finished samples moves nothing but y. Every row is computed from
// itself alone, in the same order whatever its batch-mates.
//
// Sums are in double: relative error <= width * 2^-53 (a product of two floats is exact in double).
// Cost: one pass over y and g each; the plain step into g itself touches nothing. T is float or double. Parallel over
// the rows of large batches.
#pragma once

#include <cstdint>
#include <span>

namespace fathom::kernel {

// A sample under way. The loop fills in its verdict between the two halves of a step.
struct LiveRow {
  std::int64_t slot = 0;   // row of y and g
  std::int64_t row = 0;    // row of the full batch
  double residual = 0;     // ||g - y||
  bool improved = false;   // y is the best iterate so far and is to be kept
  bool running = true;     // the row goes on to a next iterate
  bool roll_back = false;  // ... which starts over from the best iterate
};

struct Squares {
  double residual = 0;  // sum (g_i - y_i)^2
  double value = 0;     // sum g_i^2
};

// squares[row * parts + p] over the columns part_start[p] .. part_start[p+1] of the row, where
// part_start has parts + 1 entries.
template <class T>
void residual_squares(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, const T* y, const T* g,
                      Squares* squares);

// next = y + damping (g - y) where running; next is y, g or another matrix of slots.
//
// The best iterate is copied only when the iteration leaves it for a worse one, so a descent copies nothing:
// best_is_previous[row], 0 at the start, says that it is still y_prev, the iterate before. It is written to `best` when
// y is no better, and at the latest when the row stops running. y_prev may be null as long as that is nowhere set.
template <class T>
void damped_step(std::span<const LiveRow> rows, std::int64_t width, const T* y_prev, const T* y, const T* g, T damping,
                 T* next, T* best, std::uint8_t* best_is_previous);

}  // namespace fathom::kernel
