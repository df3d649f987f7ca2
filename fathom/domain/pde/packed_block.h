// The blocks of an implicit network on plain memory (tensor/packed_cell.h), one flow after the other with all its
// fields in the cache: the solves without gradients of training and evaluation run on it.
//
// A norm is never applied to a field: it is a scale and a shift of every channel, so that the one behind the
// convolution is folded into the first product of the mlp, and those of the two branches into the sum that the GELU is
// taken of.
//
// Cost     a flow and layer: kernel/spectral.h, three products of w x w at every point (kernel/channel_affine.h), two
//          passes over each of three fields for the moments.
// Accuracy that of its kernels; moments are summed in double.
#pragma once

#include <memory>

#include "fathom/domain/pde/block.h"
#include "fathom/tensor/packed_cell.h"

namespace fathom::pde {

// injected (N, w, H, W) on the CPU, of T; the weights of `blocks` are copied. 2 modes <= H.
template <class T>
std::shared_ptr<const tensor::PackedMap<T>> pack_blocks(const BlockStack& blocks, const Tensor& injected);

}  // namespace fathom::pde
