// The best that any function of Lipschitz constant L can do on a set of points of the line: the least-squares fit
//
//   min sum_i (f_i - F_i)^2   subject to   |f_{i+1} - f_i| <= L (x_{i+1} - x_i)
//
// No explicit network under the bound, however wide and however trained, has a lower error on these points. Solved
// exactly: the derivative of the least cost of the first i points given f_i is increasing and piecewise linear, and one
// step to the next point moves its two halves apart by L (x_{i+1} - x_i) (dynamic programming, as [Johnson2013] does it
// for the fused lasso). No torch.
#pragma once

#include <vector>

namespace fathom::theory {

// x ascending, F of the same length. Cost O(n^2), a millisecond for 1000 points. Errors (fathom::Error): lengths that
// differ, no point, x not ascending, L not positive.
std::vector<double> best_lipschitz_fit(const std::vector<double>& x, const std::vector<double>& F, double L);

}  // namespace fathom::theory
