// How far a vorticity is from being the steady flow of a forcing, which needs no truth:
//   || u.grad w - nu lap w - curl f || / || curl f ||   over the band of flow.h, per sample
//
// Shapes   forcing (N, 2, H, H), vorticity (N, H, H), any floating type; computed in float64.
// Errors   a grid other than the flow's.  A forcing without curl gives what the division gives.
#pragma once

#include <vector>

#include "fathom/domain/pde/flow.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {

std::vector<double> flow_residual(const Flow& flow, const Tensor& forcing, const Tensor& vorticity, double viscosity);

}  // namespace fathom::pde
