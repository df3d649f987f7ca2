// The implicit graph network's cell: features of the nodes of one graph, shared by all samples.
//   G(y, x) = act( A y W' + x )   for every sample        [Gu2020] arXiv:2009.06211, eq. 3
//
//   Map map = nn::csr_map(graph, W, x, Activation::relu);
//
// Shapes   y, x (B, n, d): a sample's state is one row of n d numbers. A (n, n) is a tensor::Graph with its edge
// values,
//          W (d, d).
// A fixed point exists and is unique, and Picard's iteration finds it, where |A| and |W| have spectral radii whose
// product is below 1 (|act'| <= 1).
// Packed   float32 and float64 on the CPU carry the sums over sorted edges (kernel/csr.h), both ways, and a packed W
//          (kernel/dense.h). A and W are those of that moment; x is shared where it is contiguous.
// Gradients of the callable reach the edge values, W and x.
// Cost     2 E d + 2 n d^2 operations a sample; the packed vjp as much again, twice for gelu and silu.
// Errors   (fathom::Error): a graph that is not square, W or x of other sizes, types or devices than each other's.
#pragma once

#include "fathom/kernel/activation.h"
#include "fathom/tensor/graph_ops.h"
#include "fathom/tensor/map.h"
#include "fathom/tensor/tensor.h"

namespace fathom::nn {

Map csr_map(const tensor::Graph& graph, const Tensor& weight, const Tensor& injection, kernel::Activation act);

}  // namespace fathom::nn
