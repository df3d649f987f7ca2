// The dense cell  G(y, x) = act( y W' + c(x) )  as a map: tensor operations for gradients, packed weights for solves.
//
//   Map map = nn::dense_map(W, at::linear(x, U, b), Activation::tanh);
//
// Shapes   y, c (B, D), W (D, D): row i of the state goes with row i of c.
// Packed   for float32 and float64 on the CPU the map carries kernel::Dense (kernel/dense.h): one fused evaluation
// costs
//          about one bare matrix product. W is copied at that moment; the injection is shared where it is contiguous.
//          Elsewhere the map is its callable alone.
// Rounding packed and callable differ by at most (D + 2) u (sum |y W| + |c|) in the argument of act, u the unit
// roundoff,
//          and by what the two libraries' activations do (kernel/activation.h).
// Cost     of packing: W is read twice and written twice.
// Errors   (fathom::Error): W not square, c of another width, dtype or device.
#pragma once

#include "fathom/kernel/activation.h"
#include "fathom/tensor/map.h"
#include "fathom/tensor/tensor.h"

namespace fathom::nn {

using kernel::Activation;

Tensor activate(Activation act, const Tensor& x);

Map dense_map(const Tensor& weight, const Tensor& injection, Activation act);

// Gives `map`, a callable that computes the same in another way, the packed form of dense_map(weight, injection, act),
// where there is one.
void pack_dense(Map& map, const Tensor& weight, const Tensor& injection, Activation act);

}  // namespace fathom::nn
