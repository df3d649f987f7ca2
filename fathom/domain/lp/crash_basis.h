// A starting basis for the simplex method from a predicted solution.
#pragma once

#include <vector>

#include "fathom/domain/lp/clp.h"
#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

// Variables and row slacks are ranked by how far x puts them from their nearest bound (relative to their size), and
// taken into the basis in that order while they are linearly independent of those before, so that the basis is the
// best-ranked one there is (the greedy choice in a matroid) and never singular. Fixed variables and the slacks of
// equalities come last. What is left goes to the nearest bound. At a vertex of a nondegenerate program this is the
// vertex's own basis. Megiddo's crossover [Megiddo1991] starts in the same way.
//
// Cost: O(m (m + n)) and the fill of a sparse elimination; memory O(m + n) and the fill.
// Errors: x of another length or not finite; an instance that validate() refuses.
Basis crash_basis(const Instance& instance, const std::vector<double>& x);

}  // namespace fathom::lp
