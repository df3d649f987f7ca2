// A packed map solved a few rows at a time: state, history and weights of a tile stay in the cache from the first
// iteration to the last, and a row that is done makes room for the next sample at once, so that easy samples never wait
// for hard ones. One parallel region for the whole solve.
//
// A row's answer has the same bits as in the whole batch: a packed map and the methods' kernels compute a row from
// itself alone, in an order that depends neither on its neighbours nor on when it came.
#pragma once

#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/map.h"

namespace fathom::solve {

// Whether tiles give what was asked, and pay: a packed map whose weights fit the cache beside a tile, picard or
// anderson of type 2, no time budget, no trace, and more rows than a tile has.
bool solves_by_tiles(const Map& map, const State& y0, const Solver& solver, const Stop& stop, const Loop& loop,
                     const TraceOptions& trace);

// As fixed_point; `calls` counts the evaluations of all tiles.
Solution solve_tiles(const Map& map, const State& y0, const Solver& solver, const Stop& stop, const Loop& loop);

}  // namespace fathom::solve
