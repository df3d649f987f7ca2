// The solution that a network is to learn for a linear program.
#pragma once

#include <vector>

#include "fathom/domain/lp/clp.h"
#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

struct Label {
  Outcome outcome = Outcome::failed;
  std::vector<double> x;   // [n], when optimal
  double objective = 0;    // c'x
  bool unique = true;      // the optimal face is one point (up to 1e-6 of its largest number)
  bool least_norm = true;  // false: several solutions, and x is a vertex
};

// Among the optimal solutions the one of least Euclidean norm: the limit of min c'x + delta/2 ||x||^2 for small delta
// [MangasarianMeyer1979], and the target of the paper's theory. Found by the simplex method, which gives the
// optimal face, and a projection of the origin on that face where it may be more than a point. Such an x violates
// rows and bounds by at most 1e-9 (1 + largest number) and c'x is within 1e-9 (1 + |c'x*|) of the optimum c'x*; where
// the projection misses that, x is the vertex and least_norm is false.
Label minimum_norm_label(const Instance& instance);

// The vertex the simplex method ends in. least_norm is true only where it is the only solution.
Label vertex_label(const Instance& instance);

}  // namespace fathom::lp
