// The next token from logits.
//   temperature 0: the largest logit (the first of equals). Else, in this order [Geiping2025], its code:
//   repetition  logits of tokens that have been seen: l > 0 -> l / penalty, else l * penalty
//   softmax of logits / temperature
//   top-k       only the k largest stay
//   top-p       largest first, those stay whose cumulated probability is at most top_p; the largest always
//   min-p       only p >= min_p * the largest stay
//   renormalised, and one drawn from (seed, position) alone
// Unlike the usual top-p, the token that crosses the threshold goes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fathom/domain/llm/sampler_options.h"

namespace fathom::llm {

class Sampler {
 public:
  Sampler(const SamplerOptions& options, std::uint64_t seed) : options_(options), seed_(seed) {}

  // `seen` are the sequence's tokens so far; the new one gets position seen.size().
  std::int64_t next(std::span<const float> logits, std::span<const std::int64_t> seen);

  // The probabilities that are drawn from, after all cuts.
  const std::vector<double>& probabilities(std::span<const float> logits, std::span<const std::int64_t> seen);

 private:
  void penalise(std::span<const float> logits, std::span<const std::int64_t> seen);
  void keep_top();
  void keep_min();

  SamplerOptions options_;
  std::uint64_t seed_;
  std::vector<float> scaled_;
  std::vector<double> p_;
  std::vector<std::int64_t> order_;
};

std::int64_t argmax(std::span<const float> logits);

}  // namespace fathom::llm
