// Several trainings of one model as one: their figures and curves, with the spread over the seeds.
#pragma once

#include <vector>

#include "fathom/base/record.h"

namespace fathom::study {

// One training of one model.
struct Measured {
  base::ModelResult result;
  std::vector<base::Curve> curves;
};

// Means of the figures, and their deviation where there are several runs. Name, kind, parameters and seed are those of
// the first run, which every run's `extra` must match. Needs at least one run.
base::ModelResult average(const std::vector<Measured>& runs);

// Point by point: mean of the means and of the spreads over the samples, greatest of the greatest. The runs have the
// same curves in the same order; where one is shorter, its last point stands in.
std::vector<base::Curve> average_curves(const std::vector<Measured>& runs);

}  // namespace fathom::study
