// Whether a trained block looks like a regular implicit operator on a set of inputs.
//
// G is regular when (i) x -> G(y, x) is Lipschitz with a constant of at most a + b ||y||, and (ii) y -> G(y, x)
// contracts by mu(x) < 1.  [Liu2025] arXiv:2510.03638, sec. 2: such a G has one fixed point, which is locally Lipschitz
// in x with a constant near Lip_x / (1 - mu(x)); every locally Lipschitz target has such a G.
//
// Along the plain iterates y_0, y_1, ... of the input, at t = 0, 1, 2, 4, ..., T, for every row:
//   mu           ||dG/dy||_2           a contraction constant of the 2-norm near y_t; above 1 is no proof of
//   irregularity radius       |lambda|_max(dG/dy)   below every norm of dG/dy: at 1 or above, G contracts in no norm
//   there input_gain   ||dG/dx||_2           over 1 + ||y_t||: bounded for a regular G sensitivity  ||dy_t/dx||_2 the
//   local Lipschitz constant of what t iterations compute
// Lower bounds that converge (measure/spectral.h), at the points probed and at no other: a verdict, not a proof.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/measure/sensitivity.h"

namespace fathom::study {

struct Regularity {
  std::vector<std::int64_t> t;  // iterates probed
  // [point][row], NaN where a number could not be had (dy_0/dx = 0 is left out)
  std::vector<std::vector<double>> mu, radius, input_gain, sensitivity, size;  // size: ||y_t||

  double largest(const std::vector<std::vector<double>>& values) const;  // finite ones; NaN without any
};

// Rows must be independent, x have the batch of y0. Cost: at each of the log2 T points the taped products of four
// norms, of which the sensitivity tapes t steps. Memory: T taped G. Errors (fathom::Error): iterations < 1.
Regularity probe_regularity(const measure::Joint& G, const State& y0, const State& x, std::int64_t iterations);

// One sentence: does it look regular on the inputs probed, by which numbers.
std::string verdict(const Regularity& regularity);

// Mean, least and largest over rows and iterates.
base::Table to_table(const Regularity& regularity);

// mu, radius, lipschitz_x and sensitivity over t: mean, spread and maximum over the rows.
std::vector<base::Curve> curves(const Regularity& regularity, const std::string& model);

}  // namespace fathom::study
