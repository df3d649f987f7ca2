// Weights in another number format, a band of rows at a time, so that a matrix is never whole in memory twice. A row is
// what the first dimension counts, its length the product of the others; a tensor of rank 0 is one row of one.
//   f32, f16, bf16 -> float   exact
//              -> bf16        to nearest, ties to even: |error| <= 2^-8 |w| of normal numbers; a NaN stays one
//              -> int8        w = s q, q in -127 .. 127 and one float s for each group of a row's elements (the last
//              may
//                             be short), s = max |w| / 127: |error| <= (1/2 + 2^-15) s
// kernel/gemv.h packs its own order of int8 from rows of floats; this one is row-major, for everything else.
// Errors: a type that is none of the three, rows outside the tensor, an output of another size, int8 of what is not
// finite. Cost: one pass. The pages that were read go back to the system with every band.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "fathom/io/weight_files.h"

namespace fathom::io {

std::int64_t row_count(const WeightView& tensor);
std::int64_t row_length(const WeightView& tensor);

// Rows first .. first + count - 1, row after row.
struct RowRange {
  std::int64_t first = 0, count = 0;
};

void read_rows(const WeightView& tensor, RowRange rows, std::span<float> out);
void read_rows(const WeightView& tensor, RowRange rows, std::span<std::uint16_t> bf16);

// Numbers and scales: scale(row, g) is of the elements group * g .. of a row; row_length / group of them, rounded up.
struct Int8Rows {
  std::span<std::int8_t> number;
  std::span<float> scale;
};
void read_rows(const WeightView& tensor, RowRange rows, std::int64_t group, const Int8Rows& out);

// Calls use with bands of whole rows that together are the tensor, each of about `band_bytes` in the file (at least a
// row).
void for_each_band(const WeightView& tensor, const std::function<void(RowRange)>& use,
                   std::int64_t band_bytes = std::int64_t{1} << 24);

}  // namespace fathom::io
