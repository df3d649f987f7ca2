// Anderson acceleration type I, per row: the options of Anderson with type = 1.
// [FangSaad2009] section 4 (the Broyden-like dual of type II); guards as [ZhangODonoghueBoyd2020].
//
//   gamma solves DY'DR gamma = DY'r,   y+ = y - DY gamma + beta (r - DR gamma)
//
// Type II takes the mixture of least residual, type I the one whose residual is orthogonal to the steps: the secant
// equation is then inverted, as in good Broyden, which follows indefinite and expanding blocks better and has no least
// squares to protect it. The q x q system is scaled to columns and rows of unit length, eliminated with complete
// pivoting, and columns whose pivot falls below max(ridge, 1e-12) are left out. Delay, damping, max_weight and
// safeguard mean what they mean for type II (anderson.h).
//
// Cost of a step: three passes over the differences for the new row, column and right-hand side, in double, and two for
// the step. Memory: 2 * depth + 3 states.
#pragma once

#include <memory>
#include <vector>

#include "fathom/solve/method.h"

namespace fathom::solve {

std::unique_ptr<Method> make_anderson_type_one(const Anderson& options, const Layout& layout);

// gamma of M gamma = rhs by complete pivoting, M (count x count, row-major) with rows of length row_size and columns of
// length column_size before; pivots below `smallest` after scaling end the elimination, and what is left gets 0.
// Returns false where a number is not finite.
bool pivoted_weights(std::vector<double> matrix, std::vector<double> rhs, const std::vector<double>& row_size,
                     const std::vector<double>& column_size, double smallest, std::vector<double>& gamma);

}  // namespace fathom::solve
