// Steady flows solved for from a prediction, and what the prediction saved against the start that needs none.
#pragma once

#include <vector>

#include "fathom/domain/pde/flow.h"
#include "fathom/domain/pde/steady.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {

struct Refined {
  Tensor vorticity;  // (N, H, H) float64: from the start, else from Stokes, else the start itself
  // [N] Newton-Krylov at the full forcing from the start (solve_from), in at most 60 evaluations or what options allow.
  std::vector<Steady> from_start;
  // [N] From the Stokes flow: at the full forcing at once, by continuation where that fails.
  std::vector<Steady> from_stokes;
  // [N] || difference of the two || / || second ||, NaN unless both are solved. Steady flows are not unique: far from
  // 0, the two are different flows.
  std::vector<double> apart;

  bool solved(std::size_t i) const { return from_start[i].solved || from_stokes[i].solved; }
};

// forcing (N, 2, H, H), start (N, H, H), of which what lies in the band of `flow` counts. Parallel over the samples
// (OpenMP). Errors (fathom::Error): another grid than the flow's; as in solve_from.
Refined refine(const Flow& flow, const Tensor& forcing, const Tensor& start, double viscosity,
               SteadyOptions options = {});

}  // namespace fathom::pde
