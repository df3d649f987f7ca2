// Picard iteration y+ = (1-tau) y + tau G(y). [Krasnoselskii1955] and [Mann1953] when tau < 1.
// Cost of a step: one pass for the residual; the update is one more only where the iteration cannot go on with the memory
// of g itself. Remembers the iterate before, where it is.
#pragma once

#include <memory>

#include "fathom/solve/method.h"

namespace fathom::solve {

std::unique_ptr<Method> make_picard(const Picard& options, const Layout& layout, Arithmetic arithmetic);

}  // namespace fathom::solve
