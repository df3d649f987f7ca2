// How strongly the input x of a map G(y, x) moves the map and its iterates: local Lipschitz constants, row by row.
//
//   input_gain   ||dG/dx||_2 at fixed y        bounds how fast the equilibrium can move: ||dy*/dx|| <= that / (1 - mu)
//   sensitivity  ||dy_t/dx||_2, y_{s+1} = G(y_s, x) from a y_0 that does not depend on x
//
// By power iteration on the Jacobian's products (spectral.h): lower bounds that converge to the norm. Rows must be
// independent, and x have the batch of y. Cost: one taped G, or t of them, and about six evaluations a product each.
#pragma once

#include <cstdint>
#include <functional>

#include "fathom/measure/spectral.h"
#include "fathom/tensor/state.h"

namespace fathom::measure {

// G with its input as an argument. x: parts of shape (B, ...), whatever their number.
using Joint = std::function<State(const State& y, const State& x)>;

Spectral input_gain(const Joint& G, const State& y, const State& x, const SpectralOptions& options = {});

// Errors (fathom::Error): t < 1 (y_0 does not depend on x).
Spectral sensitivity(const Joint& G, const State& y0, const State& x, std::int64_t t,
                     const SpectralOptions& options = {});

}  // namespace fathom::measure
