// When a token has thought enough: criteria that are checked between recurrences.
//
//   criterion          value after recurrence t                                        stops when     auto
//   none               0                                                               never
//   latent-diff        mean over the piece's rows of ||x_t - x_p|| / ||x_t||           < threshold    0.03
//   cosine             1 - mean cos(x_t, x_p)            (NaN for x_p = 0: no stop)    < threshold    1e-3
//   entropy-diff       |H_t - H_p|, H = -sum p log(p + 1e-10), H at the start 100      < threshold    1e-3
//   kl                 KL(p_p || p_t); uniform at the start                            < threshold    1e-3
//   minp-kl            the same after p_i < 0.1 max p -> 1 / V and renormalising       < threshold    1e-5
//   argmax-stability   checks in a row with the same most probable token               >= threshold   5
//   gate               cumulated stop probability of a model that has learned one      >= threshold   the model's
//
// x_p, H_p, p_p are those of the check before (of x_0 at the first); p is the softmax of the logits of the piece's last
// row. [Geiping2025] arXiv:2502.05171, the criteria of its code; gate: [Zhu2025] arXiv:2510.25741.
// Sums are float64. Cost: one pass over the states; the criteria on logits need coda and head at every check.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::llm {

enum class Criterion { none, latent_diff, cosine, entropy_diff, kl, minp_kl, argmax_stability, gate };

struct ExitRule {
  Criterion criterion = Criterion::none;
  std::optional<double> threshold;  // unset: auto
  std::int64_t min_steps = 0;       // no check before recurrence index min_steps (from 0)
  std::int64_t every = 1;           // recurrences between checks

  bool due(std::int64_t t) const { return t >= min_steps && (t - min_steps) % every == 0; }
  bool needs_logits() const;
};

// "latent-diff", "latent-diff:0.03", "latent-diff:auto". Throws UsageError for another word or number.
ExitRule parse_exit_rule(std::string_view text);
std::string name_of(Criterion criterion);

// The checks of one piece during one pass.
class ExitChecks {
 public:
  explicit ExitChecks(const ExitRule& rule, double gate_threshold = 1) { set(rule, gate_threshold); }
  void set(const ExitRule& rule, double gate_threshold);

  void start(std::span<const float> x0, std::int64_t rows, std::int64_t vocabulary);
  // Whether to stop. `x` are the piece's rows, `logits` its last row's where the rule needs them, `probability` the
  // model's own for Criterion::gate.
  bool check(std::span<const float> x, std::span<const float> logits, double probability = 0);

  const std::vector<double>& values() const { return values_; }

 private:
  double latent_difference(std::span<const float> x) const;
  double cosine(std::span<const float> x) const;
  double divergence(std::span<const float> logits);
  double stability(std::span<const float> logits);
  double entropy_difference(std::span<const float> logits);
  double cumulated(double probability);

  ExitRule rule_;
  double threshold_ = 0;
  std::int64_t rows_ = 0;
  std::vector<float> previous_;       // states at the check before
  std::vector<double> before_, now_;  // probabilities
  double entropy_ = 0, remaining_ = 1, cumulated_ = 0;
  std::int64_t argmax_ = -1, stable_ = 0;
  std::vector<double> values_;
};

// p = softmax(logits) in float64.
void softmax(std::span<const float> logits, std::vector<double>& p);

}  // namespace fathom::llm
