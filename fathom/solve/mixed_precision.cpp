#include "fathom/solve/mixed_precision.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"
#include "fathom/solve/validate.h"
#include "fathom/tensor/precision.h"

namespace fathom::solve {

namespace {

constexpr double kNoTime = 1e-9;  // seconds; a budget must be positive

at::ScalarType type_of(const std::string& name) {
  if (name == "float32") return at::kFloat;
  return name == "float16" ? at::kHalf : at::kBFloat16;
}

Stop early_stop(const Stop& stop, const MixedPrecision& mixed) {
  Stop early = stop;
  early.rtol = std::max({mixed.rtol, tensor::epsilon_of(type_of(mixed.early)), stop.rtol});
  early.max_iter = std::max<std::int64_t>(1, std::llround(mixed.share * static_cast<double>(stop.max_iter)));
  return early;
}

// What is left of the budgets. Iterations are those no row can have used: a row's share does not depend on the others.
Stop polish_stop(const Stop& stop, const Stop& early, double seconds) {
  Stop polish = stop;
  polish.max_iter = stop.max_iter - early.max_iter;
  polish.seconds = std::max(stop.seconds - seconds, kNoTime);
  return polish;
}

void add_counts(Solution& to, const Solution& early) {
  for (std::size_t b = 0; b < to.iterations.size(); ++b) {
    to.iterations[b] += early.iterations[b];
    to.products[b] += early.products[b];
  }
  to.calls += early.calls;
  to.rows_evaluated += early.rows_evaluated;
  to.product_calls += early.product_calls;
  to.seconds += early.seconds;
  to.message += fmt::format(" {} of the {} calls were in lower precision.", early.calls, to.calls);
}

}  // namespace

MixedSolution fixed_point_mixed(const Map& map, const State& y0, const Solver& solver, const Stop& stop,
                                const MixedPrecision& mixed, const Loop& loop) {
  validate(mixed);
  base::require(stop.max_iter >= 2, "solve::fixed_point_mixed", "max_iter", stop.max_iter, ">= 2",
                "each precision needs one");
  MixedSolution both;
  const Stop early = early_stop(stop, mixed);
  both.early = fixed_point(in_precision(map, type_of(mixed.early)), y0, solver, early, loop);
  both.solution = fixed_point(map, both.early.y, solver, polish_stop(stop, early, both.early.seconds), loop);
  add_counts(both.solution, both.early);
  return both;
}

}  // namespace fathom::solve
