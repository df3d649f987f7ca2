// From a predicted solution to an optimal one: the simplex method started at the prediction, its answer verified.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/lp/clp.h"
#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

// How good x is as a solution.
struct Measures {
  double objective = 0;           // c'x
  double violation = 0;           // largest violation of a row or bound, in the program's own units
  double relative_violation = 0;  // the same, each divided by 1 + |right-hand side or bound|
};
Measures measures_of(const Instance& instance, const std::vector<double>& x);

// |objective - optimum| / (1 + |optimum|)
double relative_gap(double objective, double optimum);

// What proves a result optimal, each relative to the size of the numbers it is the difference of; all zero in exact
// arithmetic [LP duality].
struct Certificate {
  double primal = 0;  // as Measures::relative_violation
  double dual = 0;    // a reduced cost or dual of the wrong sign where no bound pays for it, over 1 + max|c|
  double gap = 0;     // |c'x - dual objective| / (1 + |c'x|),  dual objective b'y + sum_j (d_j > 0 ? l_j : u_j) d_j
  bool holds(double tolerance) const { return primal <= tolerance && dual <= tolerance && gap <= tolerance; }
};
Certificate certificate_of(const Instance& instance, const SimplexResult& result);

struct Refinement {
  Outcome outcome = Outcome::failed;
  std::vector<double> x;              // [n], when optimal
  double objective = 0;               // c'x
  std::int64_t iterations = -1;       // of the simplex method from the prediction
  std::int64_t cold_iterations = -1;  // from scratch, for comparison
  bool from_cold = false;             // the warm answer could not be verified: x is the cold one's
  Certificate certificate;
  std::string message;  // one line for a person
};

// Clips the prediction into its bounds, takes the basis it suggests (crash_basis.h) and runs the primal simplex
// method from there; then solves from scratch (dual simplex method) to compare and to cross-check. Optimal only with
// a certificate that holds to 1e-6. Errors: those of crash_basis.
Refinement refine(const Instance& instance, const std::vector<double>& predicted);

}  // namespace fathom::lp
