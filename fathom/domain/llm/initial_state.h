// The state from which the loop begins: what x_0 is at a position.
//
//   zero     0
//   random   s TN, TN a normal number of deviation init_std cut off at three deviations, s = embedding_scale
//            ("like-init" [Geiping2025]). Drawn from (seed, position, channel) alone: neither batch, cache nor the
//            order of evaluation can change it.
//   torch    the same distribution from libtorch's generator, drawn like the reference implementation does: bit for bit
//            its numbers after the same seed, for the same calls in the same order
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "fathom/domain/llm/model_config.h"

namespace fathom::llm {

// Writes x_0 of positions first .. first+rows-1, (rows, E).
using InitialState = std::function<void(std::int64_t first, std::int64_t rows, float* x)>;

InitialState zero_state(const ModelConfig& config);
InitialState random_state(const ModelConfig& config, std::uint64_t seed);
// Draws from libtorch's default generator at every call, whatever the positions.
InitialState torch_state(const ModelConfig& config);

// "zero", "random", "torch". Throws UsageError for another word.
InitialState initial_state(std::string_view name, const ModelConfig& config, std::uint64_t seed);

}  // namespace fathom::llm
