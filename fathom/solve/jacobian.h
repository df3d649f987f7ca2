// J v of G at some rows of a batch, for the Krylov methods.
#pragma once

#include <string>

#include "fathom/solve/evaluation.h"
#include "fathom/solve/krylov.h"

namespace fathom::solve {

// v -> v - J v with J = dG/dy at y (b, D), whose rows are `rows` of the batch and where G is g. `how` as
// NewtonKrylov::jvp. By finite difference J v = (G(y + h v) - G(y)) / h with h = sqrt(eps) (1 + ||y||) / ||v|| in each
// row. [KnollKeyes2004] (11)
LinearMap one_minus_jacobian(Evaluation& evaluation, const Tensor& y, const Tensor& g, const Rows& rows,
                             const std::string& how);

}  // namespace fathom::solve
