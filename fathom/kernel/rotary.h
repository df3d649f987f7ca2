// Rotary position embedding of one row of heads, in place (nn/rotary.h has the formula):
//   pair i of each head is turned by the angle whose cosine and sine are cos[i], sin[i], i < head_dim / 2
// Neighbours: pair i is channels 2 i, 2 i + 1; halves: i, i + head_dim / 2. Each result is two products and a sum, each
// rounded once. Plain loops: beside the matrices of a layer this is nothing.
#pragma once

#include <cstdint>

namespace fathom::kernel {

void rotate_neighbours(std::int64_t heads, std::int64_t head_dim, const float* cos, const float* sin, float* x);
void rotate_halves(std::int64_t heads, std::int64_t head_dim, const float* cos, const float* sin, float* x);

}  // namespace fathom::kernel
