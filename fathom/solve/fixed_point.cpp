#include "fathom/solve/fixed_point.h"

#include "fathom/base/error.h"
#include "fathom/solve/iterate.h"
#include "fathom/solve/method.h"
#include "fathom/solve/tiles.h"
#include "fathom/solve/validate.h"

namespace fathom::solve {

Solution fixed_point(const Map& map, const State& y0, const Solver& solver, const Stop& stop, const Loop& loop,
                     const TraceOptions& trace) {
  if (!y0.defined()) base::fail("solve::fixed_point", "y0 has no tensor; give a start of shape (B, ...)");
  if (!at::isFloatingType(y0[0].scalar_type())) {
    base::fail("solve::fixed_point", "y0's dtype = {} violates floating; convert it, to(kFloat)",
               c10::toString(y0[0].scalar_type()));
  }
  std::visit([](const auto& options) { validate(options); }, solver);
  validate(stop);
  validate(loop);
  Solution solution;
  if (solves_by_tiles(map, y0, solver, stop, loop, trace)) {
    solution = solve_tiles(map, y0, solver, stop, loop);
  } else {
    const auto method = make_method(solver, Layout(y0));
    solution = iterate(map, y0, *method, stop, loop, trace);
  }
  solution.bound_errors(map.contraction());
  return solution;
}

}  // namespace fathom::solve
