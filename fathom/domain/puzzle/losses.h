// The loss of one update of a looped network: how many iterations it makes, and which of them the gradient goes
// through.
//
//   random        n ~ U{0..T-1} iterations without gradient, then k ~ U{1..T-n} with: the block learns to go on from
//   any
//                 state on its way [Bansal2022] (the progressive loss, alone)
//   progressive   (1 - alpha) L(t iterations, all with gradient) + alpha L(random),  t ~ U{least_depth..T}; with
//                 update_rate < 1 a cell takes part in each of the t iterations with that probability, so that no
//                 rule can be learned that rests on when its neighbours change [Mordvintsev2020]
//   implicit      gradient of the equilibrium, found by Anderson in at most T iterations [Bai2019]
//   phantom       damped steps with a graph from that equilibrium [Geng2021]
//   deep          n ~ U{0..T} iterations without gradient from a random start, then `segments` parts of T / segments
//                 iterations h <- (1 - d) h + d G(h) + noise, each with a loss at its end and a gradient that stays in
//                 it (deep supervision with a detached carry) [TinyRecursive2025], [EquilibriumReasoners2026]
#pragma once

#include <cstdint>

#include "fathom/domain/puzzle/batch.h"
#include "fathom/domain/puzzle/config.h"
#include "fathom/domain/puzzle/model.h"

namespace fathom::puzzle {

// Draws of the depths follow from (seed, step) alone.
Tensor looped_loss(const Config& config, const StageConfig& stage, const LoopedNet& model, const Batch& batch,
                   std::uint64_t seed, std::int64_t step);

}  // namespace fathom::puzzle
