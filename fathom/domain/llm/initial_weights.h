// The weights a Raven begins its training with, under the checkpoint's names [Geiping2025], its code ("takase"):
//   truncated normal numbers (three deviations) of deviation s = init_std for Wqkv, adapter, embedding, head and the
//   gate half of mlp.fc, and s / sqrt(2 (P + C r + D)), r the mean recurrences, for attn.proj, mlp.proj and the other
//   half; norms 1, biases 0.
// A tensor is drawn when it is asked for, from (seed, name) alone, the same on every platform: a model of any size can
// be made in the memory of its packed form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/llm/model_config.h"
#include "fathom/domain/llm/weights.h"

namespace fathom::llm {

Weights initial_weights(const ModelConfig& config, std::uint64_t seed);

// The shape of Raven's parameter `name`; empty for a name that is none.
std::vector<std::int64_t> weight_shape(const ModelConfig& config, const std::string& name);

}  // namespace fathom::llm
