// Steady flows: u.grad w - nu lap w = curl f, solved by Newton-Krylov.
//
// The preconditioner (-nu lap)^-1 is built into the fixed-point map, whose Picard iteration is the Stokes iteration:
//   G(w) = (-nu lap)^-1 (curl f - u.grad w),   G(0) the Stokes flow,   G(w) - w = -(-nu lap)^-1 residual(w)
// so that I - G' = I + (-nu lap)^-1 N'(w) is the preconditioned Jacobian, and solve/newton_krylov.h applies as it is. G
// is quadratic and a product by finite difference costs one G, as much as the closed form, right to about 1e-8.
//
// The Stokes branch: w(lambda) with curl f replaced by lambda curl f, followed from lambda = 0 to 1 by natural
// continuation with a secant predictor and a step that adapts [AllgowerGeorg1990] ch. 2. Steady flows are not unique
// (docs/studies/pde.md): this is one of them, the one that continues the Stokes flow, where no fold stops the path.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/pde/flow.h"
#include "fathom/domain/pde/steady_options.h"
#include "fathom/tensor/map.h"

namespace fathom::pde {

// G on coefficients (B, modes) of Flow, in float64, without autograd. curl_f (B, modes). `flow` must outlive the map.
Map steady_map(const Flow& flow, const Tensor& curl_f, double viscosity);

struct Steady {
  std::vector<double> vorticity;  // coefficients of Flow; empty before anything was solved
  bool solved = false;            // at the full amplitude, to options.rtol
  double residual = 1;            // ||u.grad w - nu lap w - curl f|| / ||curl f||
  double amplitude = 0;           // lambda that was reached
  std::int64_t solves = 0;        // Newton solves, those that failed included
  std::int64_t evaluations = 0;   // of G: trial points of all solves
  std::int64_t products = 0;      // with the Jacobian
};

// From `start`, at the full amplitude. Errors (fathom::Error): curl_f or start not of flow.modes() numbers, options out
// of their bounds, viscosity not above 0. Not converging is a status.
Steady solve_from(const Flow& flow, const std::vector<double>& curl_f, double viscosity,
                  const std::vector<double>& start, const SteadyOptions& options = {});

// The Stokes branch. A forcing without curl gives rest.
Steady follow_stokes(const Flow& flow, const std::vector<double>& curl_f, double viscosity,
                     const SteadyOptions& options = {});

}  // namespace fathom::pde
