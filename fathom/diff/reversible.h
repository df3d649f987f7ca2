// A fixed number of steps whose gradient needs no stored states: the iteration is run backwards.
//
//   forward    y' = (1-b) y + b G(z),   z' = (1-b) z + b G(y')          from y_0 = z_0; the answer is y_T
//   backward   z = (z' - b G(y')) / (1-b),   y = (y' - b G(z)) / (1-b)   and the adjoint along with it
//   [McCallum2025] Reversible Deep Equilibrium Models; the algebraic coupling of [McCallumFoster2024]
//
// At the fixed point y = z = y*, and the pair tends to it where plain iteration does, at about (1-b)^2-damped speed.
//
// Drift. Rounding errors grow on the way back. With ||dG/dy|| <= mu, the error of a step back is at most
// gamma(mu, b) times that before it, gamma the larger root of
//   x^2 - (2/(1-b) + (b mu/(1-b))^2) x + 1/(1-b)^2 = 0,
// which is 1/(1-b)^2 at mu = 1 and about mu/(1-b)^2 near there. So every k* steps,
//   k* = floor(log(drift / epsilon) / log gamma),
// the pair is kept, and the way back starts again from what was kept: 5 steps in float32 and 13 in float64 for the
// defaults. `every` >= steps keeps the start alone: constant memory. Wherever a kept pair (or the start) is passed, the
// one computed is compared with it: the drift, reported per row, with a warning where it is above what was allowed.
//
// Stored: 3 states, 2 a checkpoint, and two taped G. Cost: 2 T evaluations of G forward, 2 T taped ones and their vjps
// backward. Second derivatives are those of the coupled iteration, exact, with the graph of all steps.
// G is called in the backward pass (replay.h); values that differ there show up as drift.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fathom/diff/options.h"
#include "fathom/diff/steps.h"

namespace fathom::diff {

// Filled when the backward pass runs.
struct DriftReport {
  std::vector<double> drift;      // [B] ||computed - kept|| / max(||kept||, ||y_T||), the largest of all comparisons
  double worst = -1;              // NaN where a row's is not known
  double allowed = -1;            // what it was meant to stay below
  std::int64_t every = -1;        // steps between checkpoints
  std::int64_t checkpoints = -1;  // pairs kept besides the start and the end
  std::string message = "the backward pass has not run.";

  bool good() const { return worst >= 0 && worst <= allowed; }
};

// gamma(mu, b) as above.
double drift_growth(double gain, double damping);

// k* as above, at least 1. A growth that cannot be seen (gain = 0 and damping near 0) gives `steps`.
std::int64_t steps_between_checkpoints(const Reversible& options, double epsilon);

struct ReversibleRun {
  State y;
  Solution solution;  // residual ||G(y_T) - y_T||; calls 2 T
  std::shared_ptr<DriftReport> drift;
};

ReversibleRun run_reversible(const Map& map, const State& y0, const Reversible& options, const solve::Stop& stop);

}  // namespace fathom::diff
