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

#include "fathom/base/fields.h"

namespace fathom::llm {

struct SamplerOptions {
  double temperature = 0;
  double repetition = 1;
  std::int64_t top_k = 0;  // 0: all
  double top_p = 1;        // 1: all
  double min_p = 0;        // 0: all

  void fields(base::Fields& f) {
    f.add("temperature", temperature, {.at_least = 0, .at_most = 100}, "0: the most probable token; 0.7 is usual");
    f.add("repetition", repetition, {.above = 0, .at_most = 100}, "penalty of tokens that have been seen; 1: none");
    f.add("top-k", top_k, {.at_least = 0}, "only the k most probable tokens; 0: all");
    f.add("top-p", top_p, {.above = 0, .at_most = 1}, "only the most probable tokens of this much probability");
    f.add("min-p", min_p, {.at_least = 0, .at_most = 1}, "only tokens of this share of the largest probability");
  }
};

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
