// A differentiable equilibrium: y* = G(y*) by any solver, with a gradient of the caller's choice.
//
//   Equilibrium e = equilibrium(G, y0, solve::Anderson{}, diff::Implicit{}, {.rtol = 1e-6});
//   loss(e.y.only()).backward();              // reaches every tensor that G captured and that requires grad
//   e.adjoint->worst_relative_residual;       // how good that gradient is (implicit only)
//
// Solver x gradient x map are orthogonal. G may be any callable, closures over modules included; nothing is registered.
// Works in training and evaluation, on states of several tensors, and under double backward (create_graph).
// Unrolled and Truncated run their own steps from y0 and report them in `solution`.
// Cost: the solve, one taped G, and (Implicit) one u'J per adjoint iteration. Memory is independent of the iterations
// for Implicit, JacobianFree and Phantom.
// Errors: as solve::fixed_point. A failed adjoint is a status and one warning line, never silent.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fathom/diff/options.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/map.h"

namespace fathom::diff {

// Filled when the backward pass runs.
struct AdjointReport {
  std::vector<solve::Status> status;     // [B]
  std::vector<double> relative_residual; // [B] ||v + J'u - u|| / ||v||
  std::vector<std::int64_t> iterations;  // [B]
  double worst_relative_residual = -1;
  std::string message = "the backward pass has not run.";
};

struct Equilibrium {
  State y;                                 // differentiable
  Solution solution;                       // how it was found
  std::shared_ptr<AdjointReport> adjoint;  // Implicit only, else null
};

Equilibrium equilibrium(const Map& map,
                        const State& y0,
                        const solve::Solver& solver = solve::Anderson{},
                        const Gradient& gradient = Implicit{},
                        const solve::Stop& stop = {});

}  // namespace fathom::diff

namespace fathom {
using diff::equilibrium;
}  // namespace fathom
