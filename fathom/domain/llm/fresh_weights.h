// Weights of a Raven before training [Geiping2025], its "takase" initialisation: normal numbers cut off at three
// deviations, of deviation
//   s = sqrt(2 / (5 E))    embedding, head, adapter, Wqkv and the gate half of an MLP's first matrix
//   s / sqrt(2 L)          what ends a branch: attn.proj, mlp.proj and the other half; L = P + C r + D layers are
//   passed
// norms 1, biases 0. s is the config's init_std.
// A parameter's numbers follow from (seed, its name) alone, on every platform.
#pragma once

#include <cstdint>

#include "fathom/domain/llm/raven.h"

namespace fathom::llm {

void initialise(Raven& model, std::uint64_t seed);

}  // namespace fathom::llm
