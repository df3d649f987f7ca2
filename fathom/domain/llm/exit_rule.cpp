#include "fathom/domain/llm/exit_rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "fathom/base/error.h"

namespace fathom::llm {

namespace {

constexpr double kStartEntropy = 100, kEntropyShift = 1e-10, kMinimumShare = 0.1;

struct Named {
  Criterion criterion;
  std::string_view name;
  double automatic;
};

constexpr std::array<Named, 8> kCriteria = {{{Criterion::none, "none", 0},
                                             {Criterion::latent_diff, "latent-diff", 0.03},
                                             {Criterion::cosine, "cosine", 1e-3},
                                             {Criterion::entropy_diff, "entropy-diff", 1e-3},
                                             {Criterion::kl, "kl", 1e-3},
                                             {Criterion::minp_kl, "minp-kl", 1e-5},
                                             {Criterion::argmax_stability, "argmax-stability", 5},
                                             {Criterion::gate, "gate", 1}}};

const Named& named(Criterion criterion) {
  return *std::find_if(kCriteria.begin(), kCriteria.end(), [&](const Named& n) { return n.criterion == criterion; });
}

[[noreturn]] void unknown(std::string_view text) {
  std::string names;
  for (const Named& n : kCriteria) names += fmt::format("{}{}", names.empty() ? "" : "|", n.name);
  throw UsageError(
      fmt::format("[llm::parse_exit_rule] exit = {} violates {}, alone or with :THRESHOLD; "
                  "latent-diff:0.03 is a good start",
                  text, names));
}

double dot(const float* a, const float* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double squared_distance(const float* a, const float* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

// What is improbable becomes 1 / V; renormalised.
void keep_probable(std::vector<double>& p) {
  const double least = kMinimumShare * *std::max_element(p.begin(), p.end());
  const double uniform = 1 / static_cast<double>(p.size());
  double sum = 0;
  for (double& value : p) sum += value = value < least ? uniform : value;
  for (double& value : p) value /= sum;
}

// sum_i a_i log(a_i / b_i)
double kl(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > 0) sum += a[i] * std::log(a[i] / b[i]);
  }
  return sum;
}

}  // namespace

void softmax(std::span<const float> logits, std::vector<double>& p) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  p.resize(logits.size());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) sum += p[i] = std::exp(static_cast<double>(logits[i]) - largest);
  for (double& value : p) value /= sum;
}

bool ExitRule::needs_logits() const {
  return criterion == Criterion::entropy_diff || criterion == Criterion::kl || criterion == Criterion::minp_kl ||
         criterion == Criterion::argmax_stability;
}

std::string name_of(Criterion criterion) { return std::string(named(criterion).name); }

ExitRule parse_exit_rule(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const auto found = std::find_if(kCriteria.begin(), kCriteria.end(), [&](const Named& n) { return n.name == word; });
  if (found == kCriteria.end()) unknown(text);
  ExitRule rule{.criterion = found->criterion};
  if (colon == std::string_view::npos || text.substr(colon + 1) == "auto") return rule;
  double threshold = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), threshold);
  if (error != std::errc() || end != text.data() + text.size() || !(threshold >= 0)) unknown(text);
  rule.threshold = threshold;
  return rule;
}

void ExitChecks::set(const ExitRule& rule, double gate_threshold) {
  rule_ = rule;
  const double automatic = rule.criterion == Criterion::gate ? gate_threshold : named(rule.criterion).automatic;
  threshold_ = rule.threshold.value_or(automatic);
}

void ExitChecks::start(std::span<const float> x0, std::int64_t rows, std::int64_t vocabulary) {
  rows_ = rows;
  values_.clear();
  previous_.clear();
  if (rule_.criterion == Criterion::latent_diff || rule_.criterion == Criterion::cosine)
    previous_.assign(x0.begin(), x0.end());
  if (rule_.criterion == Criterion::kl || rule_.criterion == Criterion::minp_kl)
    before_.assign(vocabulary, 1 / static_cast<double>(vocabulary));
  entropy_ = kStartEntropy;
  argmax_ = -1;
  stable_ = 0;
  remaining_ = 1;
  cumulated_ = 0;
}

double ExitChecks::latent_difference(std::span<const float> x) const {
  const auto width = static_cast<std::int64_t>(x.size()) / rows_;
  double sum = 0;
  for (std::int64_t r = 0; r < rows_; ++r) {
    const float *a = x.data() + r * width, *b = previous_.data() + r * width;
    sum += std::sqrt(squared_distance(a, b, width) / dot(a, a, width));
  }
  return sum / static_cast<double>(rows_);
}

double ExitChecks::cosine(std::span<const float> x) const {
  const auto width = static_cast<std::int64_t>(x.size()) / rows_;
  double sum = 0;
  for (std::int64_t r = 0; r < rows_; ++r) {
    const float *a = x.data() + r * width, *b = previous_.data() + r * width;
    sum += dot(a, b, width) / std::sqrt(dot(a, a, width) * dot(b, b, width));
  }
  return 1 - sum / static_cast<double>(rows_);
}

double ExitChecks::entropy_difference(std::span<const float> logits) {
  softmax(logits, now_);
  double entropy = 0;
  for (const double p : now_) entropy -= p * std::log(p + kEntropyShift);
  return std::abs(entropy - std::exchange(entropy_, entropy));
}

double ExitChecks::divergence(std::span<const float> logits) {
  softmax(logits, now_);
  if (rule_.criterion == Criterion::minp_kl) keep_probable(now_);
  const double value = kl(before_, now_);
  std::swap(before_, now_);
  return value;
}

double ExitChecks::stability(std::span<const float> logits) {
  const std::int64_t argmax = std::max_element(logits.begin(), logits.end()) - logits.begin();
  stable_ = argmax == std::exchange(argmax_, argmax) ? stable_ + 1 : 0;
  return static_cast<double>(stable_);
}

double ExitChecks::cumulated(double probability) {
  cumulated_ += probability * remaining_;
  remaining_ *= 1 - probability;
  return cumulated_;
}

bool ExitChecks::check(std::span<const float> x, std::span<const float> logits, double probability) {
  double value = 0;
  bool above = false;  // the value grows to its threshold
  switch (rule_.criterion) {
    case Criterion::none:
      break;
    case Criterion::latent_diff:
      value = latent_difference(x);
      break;
    case Criterion::cosine:
      value = cosine(x);
      break;
    case Criterion::entropy_diff:
      value = entropy_difference(logits);
      break;
    case Criterion::kl:
    case Criterion::minp_kl:
      value = divergence(logits);
      break;
    case Criterion::argmax_stability:
      value = stability(logits);
      above = true;
      break;
    case Criterion::gate:
      value = cumulated(probability);
      above = true;
      break;
  }
  if (!previous_.empty()) previous_.assign(x.begin(), x.end());
  values_.push_back(value);
  if (rule_.criterion == Criterion::none) return false;
  return above ? value >= threshold_ : value < threshold_;
}

}  // namespace fathom::llm
