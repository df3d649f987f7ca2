// Forcings and vorticities in the units that networks work in: divided by their deviations over the training flows.
#pragma once

#include "fathom/domain/pde/data.h"

namespace fathom::pde {

struct Scaling {
  double forcing = 1, vorticity = 1;  // root mean squares
};

// Errors (fathom::Error): a set whose forcing or vorticity is zero everywhere.
Scaling scaling_of(const FlowSet& set);

// What a network is given: forcing (N, 2, H, W) over scaling.forcing and, if `coordinates`, x and y of every point on
// [0, 2 pi) as channels 2 and 3.
Tensor network_input(const Tensor& forcing, const Scaling& scaling, bool coordinates);

}  // namespace fathom::pde
