// A x = b for every row of a batch by GMRES; A is known by its product with a batch of vectors.
//
//   x_k = argmin ||b - A x|| over x_0 + span{r_0, A r_0, ..., A^(k-1) r_0}
//   Arnoldi basis orthogonalised twice by classical Gram-Schmidt, Givens rotations in double precision, restarted.
//   [SaadSchultz1986] SIAM J. Sci. Stat. Comput. 7(3), Alg. 4 (GMRES(m)).
//
// Rows    each row has its own A, test, status and count; A must keep rows apart. A NaN in one row ends that row alone.
// Test    ||b - A x|| <= rtol * ||b||, on the true residual: a row whose estimate passes is checked at the restart.
//         With verify = false the estimate is trusted, which saves a product where the tolerance is loose.
// Status  converged | max_iter | stagnated (a whole restart without a 1% better residual) | nonfinite.
// Cost    one A per iteration and one per restart, plus 4 passes over the basis, 3 of them in the cache where it holds
//         the vectors of one row (CPU, float32 and float64); memory restart+1 vectors.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/tensor.h"

namespace fathom::solve {

struct Gmres {
  double rtol = 1e-6;
  std::int64_t max_iter = 100;  // steps a row may take, one product with A each
  std::int64_t restart = 20;    // m: basis vectors before a restart
  bool verify = true;           // check the true residual of a row whose estimate passes, for one more product

  void fields(base::Fields& f) {
    f.add("rtol", rtol, {.above = 0, .below = 1}, "tolerance relative to ||b|| per row");
    f.add("max_iter", max_iter, {.at_least = 1}, "steps a row may take, one product with A each");
    f.add("restart", restart, {.at_least = 1, .at_most = 200}, "basis vectors before a restart");
    f.add("verify", verify, "check the true residual of a row whose estimate passes");
  }
  bool operator==(const Gmres&) const = default;
};

// (B, D) -> (B, D), linear, row b of the result depending on row b of the argument alone.
using LinearMap = std::function<Tensor(const Tensor&)>;

struct LinearSolution {
  Tensor x;                               // (B, D)
  std::vector<Status> status;             // [B]
  std::vector<std::int64_t> iterations;   // [B] steps the row took
  std::vector<double> relative_residual;  // [B] ||b - A x|| / ||b||, 0 where b = 0
  std::int64_t calls = -1;                // products with A on the batch: one a step, one a restart
};

// Starts from x0, or from 0 if it is undefined; `row_rtol` [B], if given, stands for options.rtol. Errors
// (fathom::Error): b not a floating (B, D) matrix, options out of bounds, A returning another shape.
LinearSolution gmres(const LinearMap& A, const Tensor& b, const Gmres& options = {}, const Tensor& x0 = {},
                     const std::vector<double>& row_rtol = {});

}  // namespace fathom::solve
