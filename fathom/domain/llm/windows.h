// Windows of a corpus as tensors, and the loss of a looped model on them.
//   loss = mean over windows and positions of  -ln p(label | bytes of the window before it)      [nats per byte]
// Gradients are those of truncated backpropagation: through the coda, the last `with_gradient` recurrences and, by the
// context that each of them injects, the prelude.
// Shapes   ids, labels (B, S) int64.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fathom/domain/llm/raven.h"

namespace fathom::llm {

struct Windows {
  Tensor ids, labels;

  std::int64_t count() const { return ids.size(0); }
  std::int64_t size() const { return ids.size(1); }
};

Windows windows_of(std::string_view text, const std::vector<std::int64_t>& begins, std::int64_t size);

// x_0 (B, S, E) as initial_state.h's random_state gives it to B S positions.
Tensor random_start(const ModelConfig& config, const Windows& windows, std::uint64_t seed);

Tensor training_loss(const Raven& model, const Windows& windows, const Tensor& x0, const Depth& depth);

// -ln p(label) of every position, (B, S).
Tensor position_losses(const Tensor& logits, const Tensor& labels);

}  // namespace fathom::llm
