// y = G(y) for every row of a batch, without gradients.
//
//   Solution s = fixed_point(G, y0, Anderson{.depth = 5}, {.rtol = 1e-6});
//
// Each row has its own residual, test, status, count and best iterate; its answer does not depend
// on its batch-mates. A row that converges stops; a map that allows it is then called with the live
// rows alone. Not converging is a status. The answer is the iterate whose residual was best (at
// convergence: the one that passed), and that residual is reported with it.
//
// The y that G receives is the solver's buffer: valid during the call, not to be written; clone it
// to keep it. Grad mode is off inside, whatever it is outside.
//
// Cost per iteration: one G on the live rows plus the solver's own passes (Picard 1, Anderson 2
// over its history). Memory: two states, and 2*depth + 3 more for Anderson.
//
// Errors (fathom::Error): y0 not floating, options out of their bounds, G returning another shape,
// dtype or device or writing into its argument.
#pragma once

#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/map.h"

namespace fathom::solve {

Solution fixed_point(const Map& map, const State& y0, const Solver& solver = Anderson{}, const Stop& stop = {},
                     const Loop& loop = {}, const TraceOptions& trace = {});

}  // namespace fathom::solve
