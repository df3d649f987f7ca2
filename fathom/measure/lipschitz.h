// How strongly a map amplifies a change of its input, from pairs of samples.
//
//   ratio_k = ||y(x'_k) - y(x_k)|| / ||x'_k - x_k||
//
// Every ratio is a lower bound of the Lipschitz constant of x -> y(x); the maximum over pairs tends to it as pairs are
// added near the steepest place. summarize() gives their mean and max.
#pragma once

#include <vector>

#include "fathom/tensor/state.h"

namespace fathom::measure {

// ||b_k - a_k|| per row over all parts of a state (a tensor is a state of one part).
// Errors (fathom::Error): batches or layouts that differ.
std::vector<double> distance(const State& a, const State& b);

// dy / dx pair by pair; NaN where dx = 0, which is no pair. Errors (fathom::Error): lengths that differ.
std::vector<double> lipschitz(const std::vector<double>& dy, const std::vector<double>& dx);

inline std::vector<double> lipschitz(const State& y, const State& y_moved, const State& x, const State& x_moved) {
  return lipschitz(distance(y, y_moved), distance(x, x_moved));
}

}  // namespace fathom::measure
