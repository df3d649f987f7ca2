// Softmax attention of queries over keys and values, head by head  [Vaswani2017] arXiv:1706.03762
//   a = softmax( q k' / sqrt(d) + mask ) v
// Shapes   q (..., rows, heads, d), k and v (..., seen, heads, d); result (..., rows, heads * d).
// Mask     bool, true where a query may look, broadcast against (..., heads, rows, seen); undefined: everywhere. Every
//          query must see something. causal_mask lets row i of the last `rows` positions see positions 0 .. its own.
#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask);

Tensor causal_mask(std::int64_t rows, std::int64_t seen, c10::Device device);  // (rows, seen)

}  // namespace fathom::nn
