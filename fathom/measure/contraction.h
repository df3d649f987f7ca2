// The contraction factor of an iteration from its residuals, and what it says about the distance to the answer.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace fathom::measure {

// ||r_t|| ~ C factor^t for first <= t <= last.
struct Contraction {
  double factor = std::numeric_limits<double>::quiet_NaN();  // NaN: the trace says nothing
  double low =
      std::numeric_limits<double>::quiet_NaN();  // quartiles of the single ratios r_{t+1} / r_t: where they lie
  double high = std::numeric_limits<double>::quiet_NaN();  // far apart, the trace is not geometric
  std::int64_t first = -1;                                 // range of the fit, indices into the trace
  std::int64_t last = -1;

  bool known() const { return factor == factor; }
};

// The residuals of one row, one an iteration. The fit is the Theil-Sen line through log ||r_t|| (the median of the
// slopes of all pairs, so that up to 29% of outliers do not matter) over the later half of the descent before
// rounding (the last decade of a descent of three or more is taken for rounding), or of the whole trace where it does
// not descend.
//   [Theil1950], [Sen1968] J. Amer. Stat. Assoc. 63
// Values that are zero or not finite are left out; fewer than 4 others give an unknown factor. O(n^2) for n in the
// fit, at most the last 256.
// Valid for linear convergence (Picard); for Anderson it is the mean rate and no bound of the map.
Contraction contraction(std::span<const double> residuals);

// ||y_t - y*|| <= L / (1 - L) ||y_t - y_{t-1}||, Banach's a-posteriori bound for a map of Lipschitz constant L.
// Infinite where L >= 1. An estimated L makes an estimate of it. Errors (fathom::Error): L or step negative or NaN.
double a_posteriori_bound(double L, double last_step);

// ||y - y*|| <= ||G(y) - y|| / (1 - L), likewise.
double residual_bound(double L, double residual);

}  // namespace fathom::measure
