// Good Broyden with limited memory, per row: K ~ (I - J)^-1 as I + U'V, at most `memory` pairs.
// [Broyden1965] Math. Comp. 19, method 1; its inverse form by Sherman-Morrison, as in [Kelley1995] section 7.3.
//
//   y+ = y + beta K r,   s = y+ - y,   q = r - r+   (so that (I - J) s ~ q)
//   K+ = K + (s - K q)(K's)' / s'Kq
//
// Guard: where |s'Kq| < 0.1 s's the update would make I - J nearly singular; q is then moved towards (I - J)_k s by as
// much as brings it there [Powell1970], [MoreTrangenstein1976].
//
// Memory: a pair is never overwritten alone, since each was made with all those before it: when they are used up the
// row forgets them all and goes on from K = I with the newest pair. Safeguard: a residual above safeguard * best after
// a step that used pairs takes the row back to its best; it goes on from there with what the bad step taught K, or,
// after three bad steps in a row or one that is not finite, by the plain step without pairs.
//
// Cost of a step: four passes over the pairs in use. Memory: 2 * memory + 3 states.
#pragma once

#include <memory>

#include "fathom/solve/method.h"

namespace fathom::solve {

std::unique_ptr<Method> make_broyden(const Broyden& options, const Layout& layout);

}  // namespace fathom::solve
