// Pictures with the statistics of photos where there are no photos: discs that hide each other, each with a colour, a
// gradient and a texture of its own ("dead leaves"), and lines of print over them.  [LeeMumfordHuang2001]
//
//   radii with density ~ r^-3 between 2 pixels and half the side, painted back to front until every pixel is covered
//
// The same numbers on every platform but for the last bit of the mathematics library.
#pragma once

#include <cstdint>

#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

// [3, side, side] uint8.
Tensor dead_leaves(std::int64_t side, std::uint64_t seed);

}  // namespace fathom::imaging
