// How fast a sequence of residuals falls, and where it can fall no further.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fathom/tensor/map.h"

namespace fathom::measure {

// ||r_{t+1}|| ~ C ||r_t||^order: 1 for plain iteration, 1.6 for the secant method, 2 for Newton's.
struct Order {
  double order = std::numeric_limits<double>::quiet_NaN();  // NaN: the trace says nothing
  double low = std::numeric_limits<double>::quiet_NaN();    // quartiles of the slopes it is the median of
  double high = std::numeric_limits<double>::quiet_NaN();
  std::int64_t points = 0;  // residuals that went into it

  bool known() const { return order == order; }
};

// The Theil-Sen slope of log ||r_{t+1}|| over log ||r_t|| (the median over all pairs of points) while the residuals
// descend, the lowest one left out, which may be rounding. Needs 4 residuals; at most the last 256 are used.
// [Theil1950], [Sen1968] J. Amer. Stat. Assoc. 63
Order convergence_order(std::span<const double> residuals);

// What rounding leaves of the residual.
struct ResidualFloor {
  std::vector<double> relative;  // [b] ||G(y) - y|| / ||G(y)||, the median over the later half of the steps
  std::vector<double> epsilons;  // [b] the same in units of the dtype's epsilon
};

// Plain steps from y, which should be a solution: no tolerance below the floor can be met. Where plain iteration leaves
// y (radius of dG/dy above 1) the figure shows that instead. Cost: 1.5 `steps` evaluations of G.
// Errors (fathom::Error): steps < 1.
ResidualFloor residual_floor(const Map& map, const State& y, std::int64_t steps = 20, const Rows& rows = {});

}  // namespace fathom::measure
