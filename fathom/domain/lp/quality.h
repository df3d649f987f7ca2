// How good predicted solutions are as solutions, beside their distance to the labels.
#pragma once

#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

// Means over the programs.
struct Quality {
  double objective_gap = 0;  // |c'x^ - c'x*| / (1 + |c'x*|); below the optimum counts like above it
  double infeasibility = 0;  // largest violation of a row or bound, over 1 + max|b|
};

// The largest violation of a row or bound by x, in the program's own units.
double violation(const Instance& instance, const std::vector<double>& x);

// `predicted`: one solution after the other, in the order of the data.
Quality quality_of(const Dataset& data, const std::vector<double>& predicted);

}  // namespace fathom::lp
