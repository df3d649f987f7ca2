// What an adaptive exit does to a looped model that reads known text byte by byte, as it would write it: each position
// has its own number of recurrences, later ones see what earlier ones left in the cache (lookup latest-m4).
//   steps_by_certainty   mean recurrences of the bytes of one tenth, tenths by the entropy of the prediction at fixed
//                        depth: t = 1 the most certain, 10 the least; a line for each rule
//   loss_by_steps        mean -ln p(next byte) against mean recurrences: a point for each threshold of a criterion, and
//                        the group "fixed" for the same number of recurrences everywhere
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/llm/exit_rule.h"
#include "fathom/domain/llm/windows.h"

namespace fathom::llm {

// Position by position, window after window.
struct Reading {
  std::vector<double> steps, losses, entropies;
};

// Reads the windows side by side with at most `recurrences` a position.
Reading read(const std::shared_ptr<const Raven>& model, const Windows& windows, const ExitRule& rule,
             std::int64_t recurrences, std::uint64_t seed);

// Tenths 1..10 of the positions by `keys`, ascending; equal ones in their order.
std::vector<int> tenths(const std::vector<double>& keys);

struct ExitProbe {
  std::int64_t trained = 0;                      // recurrences at which certainty is measured
  std::int64_t most = 0;                         // recurrences a position may take
  std::vector<double> differences, divergences;  // thresholds of latent-diff and kl
  std::uint64_t seed = 0;
};

std::vector<base::Curve> exit_curves(const std::shared_ptr<const Raven>& model, const std::string& name,
                                     const Windows& windows, const ExitProbe& probe);

}  // namespace fathom::llm
