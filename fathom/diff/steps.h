// Gradients taken by recording plain steps y <- (1 - tau) y + tau G(y) with a graph.
//
//   jacobian_free  one step from y*, tau = 1:  dL/dtheta ~ v' dG/dtheta                [Fung2022] arXiv:2103.12803
//   phantom        k damped steps from y*:     u ~ tau sum_{i<k} ((1-tau) I + tau J')^i v  [Geng2021] arXiv:2111.05177
//   unrolled       all steps from y0:          exact for the iterate they end at
//   truncated      all steps from y0, a graph for the last ones
//
// Memory: one taped G a recorded step. At y* phantom tends to the implicit gradient as k grows, at the rate of the
// damped iteration; jacobian_free is a descent direction where ||J|| < 1 is small enough and G well conditioned in
// theta.
#pragma once

#include <cstdint>

#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/map.h"

namespace fathom::diff {

// `steps` damped steps of G from y, recorded if grad mode is on.
State recorded_steps(const Map& map, const State& y, std::int64_t steps, double damping, const Rows& rows = {});

struct Run {
  State y;
  Solution solution;
};

// The iterate after `steps` plain steps from y0, the last `recorded` of them with a graph, and an account of them:
// residual ||y_T - y_{T-1}|| per row, converged where it passes `stop`, nonfinite where y_T is, else max_iter. steps
// = 0 returns y0 with residual NaN. The steps of Stop itself (max_iter, budget) do not matter here.
Run run_steps(const Map& map, const State& y0, std::int64_t steps, std::int64_t recorded, const solve::Stop& stop);

// The account of `steps` steps of which the last led from `before` to `y` = G(before); as run_steps gives it.
Solution account_of_steps(const State& before, const State& y, std::int64_t steps, const solve::Stop& stop,
                          double seconds);

}  // namespace fathom::diff
