// How deep a training step goes: the log-normal Poisson sampler of [Geiping2025], its code.
//   rate ~ LogNormal( ln(t + s) - sigma^2 / 2, sigma ),   p = Poisson(rate) + 1,   t = mean - s, sigma = 1/2
//   max(p - s, 0) recurrences without a graph, then min(s, p) with one;   s: those that gradients go through
// E[p] = mean + 1. In evaluation: the mean, without a graph.
#pragma once

#include <cstdint>

#include "fathom/domain/llm/looped_module.h"

namespace fathom::llm {

// From (seed, step) alone.
Depth sample_depth(const ModelConfig& config, std::uint64_t seed, std::uint64_t step);
Depth evaluation_depth(const ModelConfig& config);

}  // namespace fathom::llm
