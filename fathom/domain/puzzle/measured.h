// What was measured of one training of one model. Plain values, no torch.
#pragma once

#include <vector>

#include "fathom/base/record.h"

namespace fathom::puzzle {

struct Measured {
  base::ModelResult result;  // test: exact match at the last size and t, train: at the first size
  std::vector<base::Curve> curves;
};

// All trainings of one model, seed by seed. Curves and figures lie in the same order in each.
using Seeds = std::vector<Measured>;

// Means, and the spread over the seeds where there are several.
base::ModelResult average_results(const Seeds& seeds);
// Point by point: mean of the means and of the spreads over the puzzles, greatest of the greatest.
std::vector<base::Curve> average_curves(const Seeds& seeds);

}  // namespace fathom::puzzle
