// What a looped model does on windows of text at every number of recurrences t = 1..T; x_0 is random and the same for
// every t (at t = 0 nothing of the text has reached the state).
//   nats_per_byte   mean -ln p(next byte), one number a window
//   residual        ||x_t - x_{t-1}|| / ||x_t||
//   lipschitz       ||x_t(e') - x_t(e)|| / ||e' - e||, e what the prelude makes of a window:
//                     context   e' = e + a random move of so much of its length
//                     byte      e' = what the prelude makes of the window with one byte exchanged
// Norms are over all positions and channels of a window.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/llm/windows.h"

namespace fathom::llm {

struct LoopProbe {
  std::int64_t iterations = 0;  // T
  double perturbation = 0;      // relative length of a move of e
  std::uint64_t seed = 0;
};

std::vector<base::Curve> loss_and_residual(Raven& model, const std::string& name, const Windows& windows,
                                           const LoopProbe& probe);
std::vector<base::Curve> lipschitz_curves(Raven& model, const std::string& name, const Windows& windows,
                                          const LoopProbe& probe);

// Mean -ln p(next byte) of each window after `recurrences`, from x_0.
std::vector<double> window_losses(const Raven& model, const Windows& windows, const Tensor& x0,
                                  std::int64_t recurrences);

}  // namespace fathom::llm
