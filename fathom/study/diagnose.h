// A map looked at around its fixed point: does the plain iteration get there, how fast, and what does dG/dy do there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/solve/options.h"
#include "fathom/tensor/map.h"

namespace fathom::study {

// All vectors have one entry per row of the batch.
struct Diagnosis {
  std::vector<std::string> picard_status, anderson_status;
  std::vector<double> picard_iterations, anderson_iterations;  // evaluations of G
  std::vector<double> residual;         // ||G(y) - y|| / ||G(y)|| at the better of the two answers
  std::vector<double> contraction;      // from Picard's residuals; NaN where they say nothing
  std::vector<double> spectral_radius;  // max |lambda(dG/dy)| there
  std::vector<double> sigma_max;        // ||dG/dy||_2 there
  std::vector<double> order;            // of convergence, from Picard's residuals
  std::vector<double> floor;            // relative residual that rounding leaves at the answer
  std::vector<double> path_distance;  // relative distance of the answers from three starts; NaN if fewer than two came
};

// Cost: five solves, 30 evaluations, about 60 taped products with dG/dy. Rows must be independent.
Diagnosis diagnose(const Map& map, const State& y0, const solve::Stop& stop);

// Mean, least and largest of each number over the rows.
base::Table to_table(const Diagnosis& diagnosis);

// One sentence: is the map contractive around its fixed points on these rows, does the plain iteration converge.
std::string verdict(const Diagnosis& diagnosis);

}  // namespace fathom::study
