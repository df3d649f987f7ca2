// Anderson acceleration type II in difference form, per row: window, safeguard, rollback.
// [Anderson1965], [WalkerNi2011].
//
//   gamma = argmin ||r_k - DR gamma||,   y+ = g_k - DG gamma - (1-beta)(r_k - DR gamma)
//
// A row takes the plain step while it has no columns or `delay` is not over, and where ||gamma|| >
// max_weight. A residual above safeguard * best after a mixed step (or one that is not a number)
// rolls the row back: the plain step from its best iterate, with an empty window. Steps that were
// plain already are never rolled back.
//
// Differs: the ridge is relative to every column's own length, not to the longest, so that fast
// convergence (columns of very different lengths) does not switch the new columns off.
#pragma once

#include <memory>

#include "fathom/solve/method.h"

namespace fathom::solve {

std::unique_ptr<Method> make_anderson(const Anderson& options, const Layout& layout, Arithmetic arithmetic);

}  // namespace fathom::solve
