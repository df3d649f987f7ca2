// y = G(y) begun in low precision and finished in that of the state.
//
//   MixedSolution s = fixed_point_mixed(map, y0, Anderson{}, {.rtol = 1e-6});
//
// Each row is iterated by the solver on in_precision(map, early) until its residual is down to `rtol` of ||G(y)|| (or
// it stops for another reason, or has used its share of max_iter), and goes on from its best iterate by the solver on
// `map` itself. Far from the solution an error of G of 2^-8 costs nothing, and a product of bfloat16 matrices takes
// half the time; the answer is judged in full precision alone, so that status, residual and tolerance mean what they
// mean in fixed_point. A row's answer does not depend on its batch-mates.
//
// The tolerance at which a row leaves is not below the floor of the early precision nor below the tolerance asked for:
//   early rtol = max(rtol, unit of rounding, stop.rtol)
// Cost: as fixed_point, the early calls cheaper; one more call of `map` than the polish needs, to measure the residual
// of the start anew. Errors: as fixed_point and in_precision (tensor/precision.h).
#pragma once

#include "fathom/solve/fixed_point.h"

namespace fathom::solve {

struct MixedPrecision {
  std::string early = "bfloat16";  // precision of the first iterations
  double rtol = 0;     // relative residual at which a row goes on in full precision; 0: the unit of rounding
  double share = 0.5;  // of max_iter that a row may spend early

  bool operator==(const MixedPrecision&) const = default;
  void fields(base::Fields& f) {
    f.add_choice("early", early, {"bfloat16", "float16", "float32"}, "precision of the first iterations");
    f.add("rtol", rtol, {.at_least = 0, .below = 1},
          "relative residual at which a row goes on in full precision; 0: the unit of rounding");
    f.add("share", share, {.above = 0, .below = 1}, "share of max_iter a row may spend in the early precision");
  }
};

struct MixedSolution {
  Solution solution;  // what the polish ended with; iterations, calls, rows, products and seconds of both phases
  Solution early;     // the low-precision phase as it ended; its residuals are those of the rounded G
};

MixedSolution fixed_point_mixed(const Map& map, const State& y0, const Solver& solver = Anderson{},
                                const Stop& stop = {}, const MixedPrecision& mixed = {}, const Loop& loop = {});

}  // namespace fathom::solve
