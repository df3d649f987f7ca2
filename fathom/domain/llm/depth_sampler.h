// How many recurrences a training step of a looped model runs, and through how many of them it differentiates
// [Geiping2025] arXiv:2502.05171, "poisson-lognormal-filling":
//   rate ~ LogNormal( ln r - sigma^2 / 2, sigma ),   p ~ Poisson(rate) + 1,
//   the first max(p - k, 0) recurrences without a graph, the last min(p, k) with one,
// r the mean number of recurrences, k the backpropagation depth, sigma = 1/2. Hence
//   E p = r + 1,   Var p = r + r^2 (exp(sigma^2) - 1):
// a heavy tail, so that the loop is seen far beyond its mean now and then.
// Cost  O(p) uniform numbers.
#pragma once

#include <cstdint>

#include "fathom/domain/llm/raven.h"

namespace fathom::llm {

inline constexpr double kDepthSigma = 0.5;

// Of (seed, step) alone. Errors (fathom::Error): mean or backprop_depth below 1.
Depth sample_depth(std::int64_t mean, std::int64_t backprop_depth, std::uint64_t seed, std::uint64_t step);

}  // namespace fathom::llm
