// The force that holds a given flow steady: what makes a manufactured pair.
#pragma once

#include <vector>

#include "fathom/domain/pde/flow.h"

namespace fathom::pde {

// convective  f = (u.grad) u - nu lap u
// rotational  f = w x u - nu lap u = the same less grad |u|^2 / 2
// Both have curl f = u.grad w - nu lap w; products are formed on the grid, so that the curl cut to the band is exact.
enum class Form { convective, rotational };

// (2, N, N) of vorticity coefficients.
std::vector<double> holding_force(const Flow& flow, const std::vector<double>& vorticity, double viscosity, Form form);

}  // namespace fathom::pde
