// Inexact Newton iteration on r(y) = G(y) - y, per row, for blocks where plain and mixed steps crawl or expand: it
// needs no contraction, only I - J regular near the solution.
//
//   (I - J(y)) s = r(y) by GMRES (krylov.h) to a relative residual eta,   y+ = y + lambda s
//   eta_k = max(gamma (||r_k|| / ||r_k-1||)^2, gamma eta_k-1^2 where that exceeds .1), at most forcing_max
//     [EisenstatWalker1996] SIAM J. Sci. Comput. 17(1), choice 2 with its safeguard; no smaller than half of what
//     the row's own tolerance asks [Kelley1995] (6.20).
//   lambda = 1, then shorter by the minimum of the parabola through ||r||^2, kept in [.1, .5] of the last, until
//     ||r(y + lambda s)|| <= (1 - 1e-4 lambda (1 - eta)) ||r(y)||.  [Kelley1995] section 8.2
//
// Each iteration of the loop evaluates G once, at the trial point of every row: some rows then take a shorter step, the
// others accept theirs and get the next one together, from one batched GMRES that each leaves with its own tolerance.
// A row whose max_backtracks shorter steps all failed computes the step anew ten times more exactly; one that then
// meets nothing better stagnates. A trial that is not finite is taken back; when the shortest is not finite either, the
// row ends as nonfinite.
//
// Counts  iterations[b], trace   trial points of the row
//         products[b]            J v products the row used; product_calls: those on some batch
//         calls                  every evaluation of G: one per iteration; double_backward one more per Newton step,
//                                taped; finite_difference one more per product
// Cost    a product costs about two G by double backward, one by finite difference (accurate to the square root of the
//         dtype's epsilon). Memory: restart + 5 states, and one taped G and its derivative for double_backward.
// G must be differentiable by autograd for double_backward: a part of G that autograd does not see counts as constant.
// Within an inference mode there is no autograd, and products are finite differences.
#pragma once

#include <memory>

#include "fathom/solve/method.h"

namespace fathom::solve {

std::unique_ptr<Method> make_newton_krylov(const NewtonKrylov& options, const Layout& layout);

}  // namespace fathom::solve
