// A map evaluated in less precision than its state.
//
//   Map low = in_precision(g, at::kBFloat16);   // low(y) = G(round(y)), widened to the dtype of y
//
// G sees y rounded to `precision`; under bfloat16 and float16 it runs inside libtorch's autocast, so that a callable
// with float32 weights multiplies in that precision. State, history and the solver's sums keep their own dtype. The map
// says what it is evaluated in (Map::precision), and a solver knows from it below which residual there is only
// rounding: a row there is `stagnated`, never `converged` to less than the unit of rounding (solve/judge.h).
//
// Differentiable, by the same arithmetic. A packed cell of `map` is not used: it is of the state's precision.
// Accuracy    u = 2^-8 (bfloat16), 2^-11 (float16), 2^-24 (float32) relative per rounding of y and of each product.
// Cost        one cast of y, of the weights and of G(y) on top of G in that precision.
// Errors      (fathom::Error) another precision; float16 on the CPU, whose libtorch multiplies only in bfloat16. A
//             float64 weight is not cast by libtorch: G then fails with its own message.
#pragma once

#include "fathom/tensor/map.h"

namespace fathom::tensor {

Map in_precision(const Map& map, at::ScalarType precision);  // kFloat, kBFloat16 or kHalf

// The distance from 1 to the next number of a floating type: 2^-7 for bfloat16.
double epsilon_of(at::ScalarType type);

}  // namespace fathom::tensor

namespace fathom {
using tensor::in_precision;
}  // namespace fathom
