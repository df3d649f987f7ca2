// The point of least Euclidean norm in a polyhedron  { x : a_i'x <= b_i or = b_i,  l <= x <= u }.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

struct Projection {
  std::vector<double> x;
  double violation = 0;  // of a row, or gap of a row whose dual says it is tight; largest, relative to 1 + max|b|
  std::int64_t iterations = 0;
  bool converged = false;  // violation <= tolerance
};

// Accelerated gradient ascent with restarts on the dual of  min 1/2 ||x||^2: x(y) = clip(-A'y, l, u), y_i >= 0 for
// "<=". [Nesterov1983], adaptive restart [ODonoghueCandes2015]. The costs of the instance are ignored. A
// violation of zero proves x the projection. Cost: two passes over the nonzeros an iteration; some 600 iterations at
// 10 x 50, more where rows are nearly dependent or of very different size.
Projection minimum_norm(const Instance& polyhedron, double tolerance = 1e-11, std::int64_t max_iterations = 100000);

}  // namespace fathom::lp
