// The reversible two-state iteration, and its inverse.  [McCallum2025] "Reversible deep equilibrium models"
//
//   y' = (1-b) y + b G(z),   z' = (1-b) z + b G(y')
//
// Written as one sequence w_-1 = w_0 = y_0, w_k+1 = (1-b) w_k-1 + b G(w_k), whose even and odd members are z and y:
// each evaluation of G gives one member. For a contraction of factor L < 1 the roots of t^2 - b mu t - (1-b), |mu| <=
// L, lie in the unit circle, and both states tend to the fixed point. As a solver it is slower than picard; what it
// buys is that w_k-1 = (w_k+1 - b G(w_k)) / (1-b): the steps can be undone, so that exact gradients of a fixed number
// of steps need no stored iterates.
//
// Drift: a step back divides what rounding did by 1-b and takes in b L of the error of the later state; one step grows
// it by at most (b L + 1) / (1-b), about mu / (1-b)^2 per pair. safe_steps() is how many are safe between two stored
// iterates, and drift() what it really came to, since the start is known.
//
// Cost of a step: one G and one pass. Memory: one state more than picard.
#pragma once

#include <memory>
#include <vector>

#include "fathom/solve/method.h"
#include "fathom/tensor/map.h"

namespace fathom::solve {

std::unique_ptr<Method> make_reversible(const Reversible& options, const Layout& layout);

// Two consecutive members of the sequence.
struct ReversiblePair {
  State before, now;  // w_k-1, w_k
};

// The pair after `steps` evaluations of G from w_-1 = w_0 = y0, and `steps` undone again. Differentiable where grad
// mode is on.
ReversiblePair reversible_forward(const Map& map, const ReversiblePair& start, const Reversible& options,
                                  std::int64_t steps);
ReversiblePair reversible_backward(const Map& map, const ReversiblePair& end, const Reversible& options,
                                   std::int64_t steps);

// ||w_0 recovered - w_0|| over the larger of ||w_0|| and ||w_steps|| [B], `steps` forward and back, without gradients.
std::vector<double> reversible_drift(const Map& map, const State& y0, const Reversible& options, std::int64_t steps);

// The largest number of steps whose bound epsilon ((b gain + 1) / (1-b))^steps on the drift stays within `tolerance`;
// at least 1. `gain` bounds the Lipschitz constant of G.
std::int64_t reversible_safe_steps(const Reversible& options, double gain, double epsilon, double tolerance);

}  // namespace fathom::solve
