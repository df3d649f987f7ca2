// The solution that a network is to learn for a linear program.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

enum class LabelStatus { optimal, infeasible, unbounded, failed };

struct Label {
  LabelStatus status = LabelStatus::failed;
  std::vector<double> x;      // [n], when optimal
  double objective = 0;       // c'x
  bool unique = true;         // the optimal face is one point
};

// Among the optimal solutions the one of least Euclidean norm: the limit of min c'x + delta/2 ||x||^2 for small delta
// [Mangasarian-Meyer 1979], and the target of the paper's theory. Found by the simplex method, which gives the optimal face,
// and a projection of the origin on that face where it is more than a point. Feasible to 1e-9 and optimal to 1e-9
// (relative to 1 + the largest number), or status failed.
Label minimum_norm_label(const Instance& instance);

// The vertex the simplex method ends in.
Label vertex_label(const Instance& instance);

}  // namespace fathom::lp
