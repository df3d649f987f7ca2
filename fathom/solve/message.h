// The sentence that says how a solve ended.
#pragma once

#include <string>

#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"

namespace fathom::solve {

// "64 of 64 rows converged, ..." or which rows did not, the worst of them with its numbers, and
// what to try. `rounding`: the unit of rounding of G (Evaluation::epsilon).
std::string message_of(const Solution& solution, const Stop& stop, const at::TensorOptions& options, double rounding);

}  // namespace fathom::solve
