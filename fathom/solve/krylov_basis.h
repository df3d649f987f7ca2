// What the Krylov methods share: norms of rows and an orthonormal basis for every row of a batch.
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

}  // namespace fathom::solve
