// Whether a solve ends at the same point wherever it starts: a path-independent model can be given more iterations or
// another start at test time and means the same.  [Anil2022] arXiv:2211.09961
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/solve/fixed_point.h"

namespace fathom::measure {

struct PathIndependence {
  // [b] the largest ||y_i - y_j|| / max(||y_i||, ||y_j||) over pairs of starts that converged in this row; 0 where both
  // are 0, NaN where fewer than two converged.
  std::vector<double> distance;
  std::vector<std::int64_t> converged;  // [b] starts from which the row converged
};

// Two answers within rtol of a contraction of factor L may lie 2 rtol / (1 - L) apart and still be one. Cost: a solve
// a start. Errors (fathom::Error): fewer than two starts, starts of different layout or batch.
PathIndependence path_independence(const Map& map, const std::vector<State>& starts,
                                   const solve::Solver& solver = solve::Anderson{}, const solve::Stop& stop = {});

// `count` starts like y0: y0 itself, then normal ones whose rows have length `radius` (seeded, the same for any batch).
std::vector<State> random_starts(const State& y0, std::int64_t count, double radius, std::int64_t seed = 1);

}  // namespace fathom::measure
