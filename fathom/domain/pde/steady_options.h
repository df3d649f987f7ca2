// How a steady flow is solved for. Plain values, no torch.
#pragma once

#include <cstdint>

#include "fathom/base/fields.h"
#include "fathom/solve/options.h"

namespace fathom::pde {

// The forcing amplitude lambda goes from 0, where the flow is Stokes', to 1; every stop is solved by Newton-Krylov from
// the secant through the last two.
struct SteadyOptions {
  double first_step = 0.5;        // of lambda
  double grow = 2, shrink = 0.4;  // of the step after a solve that converged, and after one that did not
  double least_step = 1e-3;       // the path ends when the step falls below
  double path_rtol = 1e-5;        // ||G(w) - w|| <= rtol ||G(w)|| on the way ...
  double rtol = 1e-12;            // ... and at lambda = 1
  std::int64_t trials = 12;       // evaluations of G that one solve may use
  solve::NewtonKrylov newton{.jvp = "finite_difference", .restart = 80, .max_products = 200};

  bool operator==(const SteadyOptions&) const = default;
  void fields(base::Fields& f) {
    f.add("first_step", first_step, {.above = 0, .at_most = 1}, "first step of the forcing amplitude from 0 to 1");
    f.add("grow", grow, {.at_least = 1, .at_most = 10}, "factor of the step after a solve that converged");
    f.add("shrink", shrink, {.above = 0, .below = 1}, "factor of the step after a solve that did not");
    f.add("least_step", least_step, {.above = 0, .at_most = 1}, "a smaller step gives the sample up");
    f.add("path_rtol", path_rtol, {.above = 0, .below = 1}, "tolerance of a solve on the way");
    f.add("rtol", rtol, {.above = 0, .below = 1}, "tolerance of the solve at the full amplitude");
    f.add("trials", trials, {.at_least = 1, .at_most = 1000}, "evaluations of the map that one solve may use");
    f.group("newton", newton);
  }
};

}  // namespace fathom::pde
