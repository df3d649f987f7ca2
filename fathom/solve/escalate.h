// picard -> anderson -> newton_krylov, row by row: the cheapest means that bring each row home.
//
// A row is handed on when it stagnates, diverges or meets what is not finite, or has spent its share of max_iter in the
// stage. It then starts over from its best iterate (one evaluation of G to see it again); rows that converged, and rows
// still doing well, notice nothing. Solution::stage says which solver each row ended with, and the message counts them.
//
// Cost: that of the stage a row is in. Memory: the three together.
#pragma once

#include <memory>

#include "fathom/solve/method.h"

namespace fathom::solve {

std::unique_ptr<Method> make_escalate(const Escalate& options, const Layout& layout, Arithmetic arithmetic);

}  // namespace fathom::solve
