// What the Krylov methods share: norms of rows and an orthonormal basis for every row of a batch. By the kernels of
// kernel/row_algebra.h where they apply, by tensor operations elsewhere; the two agree to rounding.
#pragma once

#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::solve {

// ||row|| in double for every row of a tensor (B, ...), summed in double.
std::vector<double> row_norms(const Tensor& rows);

// w -= V (V'w) by classical Gram-Schmidt run twice [Giraud2005] "twice is enough"; V (B, k, D) orthonormal in each
// row, w (B, D). Returns V'w, (B, k) row-major.
std::vector<double> orthogonalise(Tensor& w, const Tensor& V);

// v / norm for the rows chosen, 0 for the others, whatever they hold.
Tensor unit_rows(const Tensor& v, const std::vector<double>& norms, const std::vector<char>& chosen);
// The same written to `to` (B, D), apart from v.
void write_unit_rows(const Tensor& v, const std::vector<double>& norms, const std::vector<char>& chosen,
                     const Tensor& to);

// x += V y for every row: V (B, k, D), y (B, k) row-major, x (B, D) apart from V.
void add_combination(const Tensor& V, const std::vector<double>& y, const Tensor& x);

}  // namespace fathom::solve
