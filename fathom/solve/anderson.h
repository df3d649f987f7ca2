// Anderson acceleration type II in difference form, per row: window, safeguard, rollback. [Anderson1965], [WalkerNi2011].
//
//   gamma = argmin ||r_k - DR gamma||,   y+ = g_k - DG gamma - (1-beta)(r_k - DR gamma)
//
// A row is mixed unless it has no columns yet, `delay` plain steps are not over, or ||gamma|| > max_weight; then it takes
// the plain step. A residual above safeguard * best after a mixed step (or one that is not a number) rolls the row back:
// the plain step from its best iterate, with an empty window. Steps that were plain already are never rolled back.
// Differs: the ridge is relative to every column's own length (kernel/anderson.h), not to the largest.
#pragma once

#include <memory>

#include "fathom/solve/method.h"

namespace fathom::solve {

std::unique_ptr<Method> make_anderson(const Anderson& options, const Layout& layout, Arithmetic arithmetic);

}  // namespace fathom::solve
