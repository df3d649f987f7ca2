// What the networks are fitted to, and the ways a gradient is taken through the implicit one.
//
//   loss = sum over the batch of ||w^ - w|| / ||w||                          [Li2021], the code's LpLoss
//
//   unrolled     `steps` plain iterations from 0, all with a graph
//   phantom      no graph up to z* (Anderson), then `steps` damped steps with one        [Geng2021]
//   implicit     no graph up to z*, then the gradient of the equilibrium                 [Bai2019]
#pragma once

#include <cstdint>

#include "fathom/diff/equilibrium.h"
#include "fathom/domain/pde/model.h"

namespace fathom::pde {

// predicted, target (N, H, W) -> a number. Not finite where a target is 0 everywhere.
Tensor relative_loss(const Tensor& predicted, const Tensor& target);

// The answer of an implicit network with a graph, whose equilibrium is found and differentiated as asked; `account`, if
// not null, receives how.
Tensor equilibrium_answer(const FourierModel& model, const Tensor& x, const solve::Solver& solver,
                          const diff::Gradient& gradient, const solve::Stop& stop,
                          diff::Equilibrium* account = nullptr);

// The same by phantom steps, with how far the last of them still was from standing still, (N), with a graph:
//   drift = ||G(z) - z|| / ||z||
// A loss that holds it down keeps the iteration convergent: the answer's gradient alone asks nothing of G beyond the
// steps it goes through, and a network may learn to answer from states that are no fixed points.
struct PhantomAnswer {
  Tensor answer, drift;
};
PhantomAnswer phantom_answer(const FourierModel& model, const Tensor& x, const solve::Solver& solver,
                             const diff::Phantom& phantom, const solve::Stop& stop);

// The original's phantom mode: z* by paper_anderson.h.
Tensor paper_phantom_answer(const FourierModel& model, const Tensor& x, std::int64_t threshold,
                            const diff::Phantom& phantom);

// The original's implicit mode: one step f(z*) with a graph, in whose backward pass g = J'g + u is solved by the same
// Anderson from 0, within `threshold` evaluations and to no tolerance. Backward once.
Tensor paper_implicit_answer(const FourierModel& model, const Tensor& x, std::int64_t threshold);

}  // namespace fathom::pde
