// A differentiable equilibrium: y* = G(y*) by any solver, with a gradient of the caller's choice.
//
//   Equilibrium e = equilibrium(G, y0, solve::Anderson{}, diff::Implicit{}, {.rtol = 1e-6});
//   loss(e.y.only()).backward();              // reaches every tensor that G captured and that requires grad
//   e.adjoint->worst_relative_residual;       // how good that gradient is (implicit, neumann, adaptive)
//
// Solver x gradient x map are orthogonal. G may be any callable, closures over modules included; nothing is registered.
// Works in training and evaluation, on states of several tensors, and under double backward (create_graph): derivatives
// of the implicit gradient are exact to any order. Outside grad mode nothing is recorded and `y` has no graph.
//
//   y's value    Implicit, Neumann, Adaptive: solution.y. JacobianFree, Phantom: their steps from there. Unrolled,
//                Truncated, Checkpointed, Reversible: their own steps from y0, reported in `solution` (residual of the
//                last step; y0 itself is differentiable too).
//   a row whose solve did not converge has the gradient at its best iterate, and the adjoint's message says so.
//   a row whose solve met NaN or infinity gives no gradient (0) and harms no other, provided that the map takes rows:
//                it is then left out of the recording. A map without rows is recorded whole, and a NaN in the sample's
//                own input then reaches the gradient of shared weights; that is the map's arithmetic (0 * NaN).
//                The four that take their own steps record every row as it is.
//   tensors that G keeps aside while it is recorded carry no gradient of their own (Implicit, Neumann, Adaptive,
//                Checkpointed, Reversible).
//   second derivatives: exact for Implicit, Unrolled, Checkpointed, Reversible; those of their own recorded steps for
//                JacobianFree, Phantom and Truncated; as good as the first ones for Neumann and Adaptive.
//   Checkpointed and Reversible call G again in the backward pass: what G holds by reference must live until then, and
//                it must give the same values again (no dropout in training).
//
// Cost: the solve, one taped G, and (Implicit, Neumann, Adaptive) one u'J per adjoint iteration; docs/gradients has a
// page for each. Memory is independent of the iterations for Implicit, Neumann, Adaptive, JacobianFree and Phantom, and
// for Reversible with every >= steps; it grows with the root of the steps for Checkpointed.
// Errors (fathom::Error): as solve::fixed_point; options out of bounds; Truncated with last > steps; a second backward
// pass through a freed graph. A failed adjoint is a status and one warning line, never silent.
#pragma once

#include <memory>

#include "fathom/diff/adjoint.h"
#include "fathom/diff/options.h"
#include "fathom/diff/reversible.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/map.h"

namespace fathom::diff {

struct Equilibrium {
  State y;                                 // differentiable
  Solution solution;                       // how it was found
  std::shared_ptr<AdjointReport> adjoint;  // Implicit, Neumann, Adaptive; else null
  std::shared_ptr<DriftReport> drift;      // Reversible; else null
};

Equilibrium equilibrium(const Map& map, const State& y0, const solve::Solver& solver = solve::Anderson{},
                        const Gradient& gradient = Implicit{}, const solve::Stop& stop = {});

}  // namespace fathom::diff

namespace fathom {
using diff::equilibrium;
}  // namespace fathom
