// Work on the rows of a batch by tensor operations, for the dtypes and devices without kernels and for the methods that
// have none; their sums are by kernels where those apply. Rows that are done or not finite stay in the matrices and
// never touch another: rows are chosen by index, not by multiplying with a mask.
#pragma once

#include <span>
#include <vector>

#include "fathom/solve/method.h"

namespace fathom::solve {

// x in a dtype fit to be summed: float32 for the 16-bit types, else its own.
Tensor widened(const Tensor& x);

// sum_j a_ij b_ij in double, (b, n) x (b, n) -> (b).
Tensor row_dots(const Tensor& a, const Tensor& b);

// Sums of squares of r and g, per row and part, brought to the host in one copy.
void write_squares(std::span<const LiveRow> rows, const Layout& layout, const Tensor& r, const Tensor& g,
                   std::vector<Squares>& squares);

// to[row] = from[slot] where improved.
void copy_improved(std::span<const LiveRow> rows, const Tensor& from, const Tensor& to);

// y[slot] = next[slot] where running.
void copy_running(std::span<const LiveRow> rows, const Tensor& next, const Tensor& y);

// to[j] = from[i] of two matrices of one dtype.
void copy_row(const Tensor& from, std::int64_t i, const Tensor& to, std::int64_t j);

}  // namespace fathom::solve
