// The fixed points of an operator found by the solver, against F and against what the theorem predicts of the work.
//
// The residual after n evaluations is eps (1 - eps)^(n-1) ||F||, so that the row test  ||r|| <= rtol ||G(y)||  passes
// at the first
//   n >= 1 + log(rtol / (eps + rtol (1 - eps))) / log(1 - eps)
// which grows like 1 / eps(x): slow where F is steep. The answer is then within ||r|| / eps of F.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/theory/operator.h"

namespace fathom::theory {

struct FixedPoints {
  std::vector<double> iterations, predicted;  // [point]
  std::int64_t converged = -1;                // points
  double largest_difference = -1;             // |iterations - predicted| over the converged ones
  double excess = -1;                         // max over points of ||y - F|| / (||r|| / eps), 1 in exact arithmetic
  double relative_error = -1;                 // max ||y - F|| / (1 + ||F||)
  double at_target = -1;                      // max ||G(F, x) - F|| / (1 + ||F||): F is the fixed point, to rounding
  std::string message;                        // of the solution
};

// Picard's iteration from y = 0. Cost: up to `most` evaluations of G on the points that are not there yet.
FixedPoints find_fixed_points(const Operator& op, const Target& target, const Probed& probed, double rtol,
                              std::int64_t most);

// n of the formula above; 1 where F = 0.
double predicted_iterations(double eps, double rtol, double size);

}  // namespace fathom::theory
