// Breadth at test time: several starts of one puzzle, of which the state with the least residual answers.
//   Start 0 is the model's own, the others are N(0, 1), as equilibrium reasoners draw them [EquilibriumReasoners2026]
//   arXiv:2605.21488; each runs `depth` plain iterations.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/puzzle/model.h"

namespace fathom::puzzle {

// The logits of the best of the first breadths[i] starts, for each i. Start k follows from (seed, k). `breadths`
// ascends. Cost: the last breadth times depth + 1 iterations.
std::vector<Tensor> answers_by_breadth(const LoopedNet& model, const Tensor& x, std::int64_t depth, std::uint64_t seed,
                                       const std::vector<std::int64_t>& breadths);

}  // namespace fathom::puzzle
