// The point of least Euclidean norm in a polyhedron  { x : a_i'x <= b_i or = b_i,  l <= x <= u }.
#pragma once

#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

struct Projection {
  std::vector<double> x;
  double violation = 0;      // largest violation of a row, relative to 1 + max|b|
  long iterations = 0;
  bool converged = false;    // violation <= tolerance
};

// Accelerated gradient ascent with restarts on the dual of  min 1/2 ||x||^2: x(y) = clip(-A'y, l, u), y_i >= 0 for "<=".
// [Nesterov 1983], [ODonoghue-Candes 2015]. The costs of the instance are ignored.
Projection minimum_norm(const Instance& polyhedron, double tolerance = 1e-12, long max_iterations = 200000);

}  // namespace fathom::lp
