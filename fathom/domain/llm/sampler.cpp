#include "fathom/domain/llm/sampler.h"

#include <algorithm>
#include <numeric>

#include "fathom/base/seed.h"
#include "fathom/domain/llm/exit_rule.h"

namespace fathom::llm {

std::int64_t argmax(std::span<const float> logits) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

// Each token once, however often it was seen: from its logit, not from what was made of it.
void Sampler::penalise(std::span<const float> logits, std::span<const std::int64_t> seen) {
  scaled_.assign(logits.begin(), logits.end());
  const auto penalty = static_cast<float>(options_.repetition);
  for (const std::int64_t id : seen) scaled_[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
}

void Sampler::keep_top() {
  const auto count = static_cast<std::int64_t>(p_.size());
  if (options_.top_k <= 0 && options_.top_p >= 1) return;
  order_.resize(p_.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](std::int64_t a, std::int64_t b) { return p_[a] > p_[b]; });
  const std::int64_t k = options_.top_k > 0 ? std::min(options_.top_k, count) : count;
  double sum = 0;
  for (std::int64_t rank = 0; rank < count; ++rank) {
    double& p = p_[order_[rank]];
    sum += p;
    const bool crosses = options_.top_p < 1 && sum > options_.top_p;
    if (rank >= k || (rank > 0 && crosses)) p = 0;
  }
}

void Sampler::keep_min() {
  const double least = options_.min_p * *std::max_element(p_.begin(), p_.end());
  for (double& p : p_) {
    if (p < least) p = 0;
  }
}

const std::vector<double>& Sampler::probabilities(std::span<const float> logits, std::span<const std::int64_t> seen) {
  penalise(logits, seen);
  for (float& value : scaled_) value /= static_cast<float>(options_.temperature);
  softmax(scaled_, p_);
  keep_top();
  keep_min();
  const double sum = std::accumulate(p_.begin(), p_.end(), 0.0);
  for (double& p : p_) p /= sum;
  return p_;
}

std::int64_t Sampler::next(std::span<const float> logits, std::span<const std::int64_t> seen) {
  if (options_.temperature == 0) {
    penalise(logits, seen);
    return argmax(scaled_);
  }
  probabilities(logits, seen);
  double left = base::Random(base::stream_seed(seed_, "sample", seen.size())).uniform();
  std::int64_t last = 0;
  for (std::size_t i = 0; i < p_.size(); ++i) {
    if (p_[i] == 0) continue;
    last = static_cast<std::int64_t>(i);
    left -= p_[i];
    if (left < 0) break;
  }
  return last;
}

}  // namespace fathom::llm
