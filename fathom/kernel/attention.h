// One query's softmax attention over rows of a key-value cache, head by head:
//   a_h = sum_j p_hj v_jh,   p_h = softmax_j( q_h . k_jh / sqrt(d) ),   j over `index`
// Keys and values are rows of heads * d numbers; index names the rows that are seen, in any order, so that a cache
// whose rows lie apart needs no copy. Reading goes row by row through all heads where one thread works.
//
// With u = 2^-24 and n rows: scores are within (d / 8 + 3) u sum |q k| / sqrt(d) of the exact ones, the softmax adds
// (n + 10) u relative to each p and the sum (n + 1) u sum p |v|.
// Shapes  q, out (heads, d); scores n * heads numbers of working memory. out is not q.
// Cost    one pass over keys and one over values; heads are shared among threads where there is enough to read.
//         A result has the same bits on any number of threads.
// Errors: none; at least one row must be seen.
#pragma once

#include <cstdint>
#include <span>

namespace fathom::kernel {

struct KeyValueRows {
  const float* keys = nullptr;
  const float* values = nullptr;
  std::int64_t heads = 0, head_dim = 0;
  std::span<const std::int64_t> index;
};

void attend(const KeyValueRows& rows, const float* q, float* scores, float* out);

}  // namespace fathom::kernel
