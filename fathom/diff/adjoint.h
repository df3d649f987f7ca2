// The adjoint of an equilibrium: u = v + J'u for every row, that is (I - J') u = v, with J' known by its products.
//
//   picard    u+ = v + J'u                      converges where the forward Picard iteration does (radius of J < 1)
//   anderson  the same map, accelerated         the default
//   gmres     (I - J') u = v  [SaadSchultz1986] any spectrum without the eigenvalue 1, radius above 1 included
//   neumann   u_k = sum_{i<k} (J')^i v, residual (J')^k v; nothing is tested: a row has status max_iter, or diverged
//             where that residual is above ||v|| and more terms make it worse
//   adaptive  u_1 = v, u_2, ... while the series can reach the tolerance, then one of the three from the last u_k
//
// Rows are solved for v / ||v||, so the answer's relative error does not depend on the size of the loss. The test is
// ||v + J'u - u|| <= rtol * ||v|| per row; a row with v = 0 has u = 0. Where L = ||J|| < 1 is known, the error is at
// most ||residual|| / (1 - L).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "fathom/diff/options.h"
#include "fathom/diff/packed_vjp.h"
#include "fathom/solve/krylov.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/tensor.h"

namespace fathom::diff {

// Filled when the backward pass runs (by the latest one if there are several). A row that was left out because its
// forward solve met NaN or infinity has status nonfinite and residual NaN, and is not in the worst.
struct AdjointReport {
  std::vector<solve::Status> status;      // [B]
  std::vector<double> relative_residual;  // [B] ||v + J'u - u|| / ||v||, 0 where v = 0
  std::vector<std::int64_t> iterations;   // [B] products u'J the row used
  std::int64_t calls = -1;                // products on the batch
  double worst_relative_residual = -1;    // NaN if a row's is not known
  std::string method;                     // "anderson", "neumann, 5 terms", "jacobian_free", ...
  std::string message = "the backward pass has not run.";

  bool converged() const;  // every row; false before the backward pass
};

struct AdjointSolution {
  Tensor u;  // (B, D)
  AdjointReport report;
};

// How the adjoint is solved, whatever u is exact to.
using Adjoint = std::variant<Implicit, Neumann, Adaptive>;

// The relative residual below which a row's gradient counts as good; 1 for Neumann, which promises no more.
double tolerance(const Adjoint& adjoint);

// `vjp` is u -> u'J, (B, D) -> (B, D). Grad mode is off inside. A failed row is a status and part of the message; u is
// then the best iterate. Cost: a product an iteration; Neumann `terms` (the last for the residual).
AdjointSolution solve_adjoint(const solve::LinearMap& vjp, const Tensor& v, const Adjoint& adjoint);
AdjointSolution solve_adjoint(const PackedVjp& vjp, const Tensor& v, const Adjoint& adjoint);  // drops rows as they end

// The residual that rounding alone leaves: a row below it is as good as its dtype allows. ||u|| and ||v|| per row.
//   32 eps ||u|| / ||v||
std::vector<double> rounding_floor(const Tensor& u, const Tensor& v);

}  // namespace fathom::diff
