// THE one loop: evaluate G on the live rows, measure, judge each row, advance, drop the rows that
// are done.
#pragma once

#include "fathom/solve/method.h"
#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/map.h"

namespace fathom::solve {

// As fixed_point (fixed_point.h) with the solver given as the Method made for y0.
Solution iterate(const Map& map, const State& y0, Method& method, const Stop& stop, const Loop& loop = {},
                 const TraceOptions& trace = {});

}  // namespace fathom::solve
