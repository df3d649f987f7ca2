// The vorticity equation in time, without forcing: dw/dt = -u.grad w + nu lap w.
#pragma once

#include <vector>

#include "fathom/domain/pde/flow.h"

namespace fathom::pde {

// Convection by Heun's method, diffusion by Crank-Nicolson, both of second order:
//   (1 + s) w1 = (1 - s) w - dt N(w),   (1 + s) w+ = (1 - s) w - dt/2 (N(w) + N(w1)),   s = nu dt |k|^2 / 2
// from coefficients `vorticity` over `time` in equal steps of at most `step`. Returns the coefficients at the end.
// Cost: two convections a step. Stable while |u|max step stays of the order of the grid's spacing; what grew beyond
// any number is returned as it is. Errors (fathom::Error): viscosity or time below 0, step not above 0.
std::vector<double> march(const Flow& flow, std::vector<double> vorticity, double viscosity, double time, double step);

}  // namespace fathom::pde
