#include "fathom/domain/llm/checks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <fmt/format.h>

namespace fathom::llm {

namespace {

using base::Curve;

constexpr double kFlat = 1.02;
constexpr double kExitLoss = 1.01;

void below(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value < bound});
}

void at_most(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value <= bound});
}

const Curve* find(const base::StudyRecord& record, const std::string& model, const std::string& quantity,
                  const std::string& group) {
  for (const Curve& curve : record.curves) {
    if (curve.model == model && curve.quantity == quantity && curve.group == group) return &curve;
  }
  return nullptr;
}

// NaN where the curve has no such point.
double at(const Curve& curve, double t) {
  const auto found = std::find(curve.t.begin(), curve.t.end(), t);
  return found == curve.t.end() ? std::numeric_limits<double>::quiet_NaN()
                                : curve.mean[static_cast<std::size_t>(found - curve.t.begin())];
}

void check_loop(base::StudyRecord& record, const Curve& loss, double depth) {
  for (double t = 1; t < depth; t *= 2) {
    const double next = std::min(2 * t, depth);
    below(record, fmt::format("{}: loss at t = {} below that at t = {}", loss.model, next, t), at(loss, next),
          at(loss, t));
  }
  const double least = *std::min_element(loss.mean.begin(), loss.mean.end());
  for (const double factor : {2, 4}) {
    if (const double value = at(loss, factor * depth); std::isfinite(value))
      at_most(record,
              fmt::format("{}: loss at t = {} ({} x trained mean) over the curve's least", loss.model, factor * depth,
                          factor),
              value / least, kFlat);
  }
}

void check_rivals(base::StudyRecord& record, const Curve& loss, double depth) {
  for (const base::ModelResult& other : std::vector<base::ModelResult>(record.models)) {
    if (other.name == "untied" || other.name == loss.model || other.metric != "nats_per_byte") continue;
    below(record, fmt::format("{}: loss at t = {} below that of {}", loss.model, depth, other.name), at(loss, depth),
          other.test);
  }
}

// The curve of a criterion against the fixed depth's last point.
void check_exit(base::StudyRecord& record, const std::string& model, const std::string& criterion) {
  const Curve* fixed = find(record, model, "loss_by_steps", "fixed");
  const Curve* exits = find(record, model, "loss_by_steps", criterion);
  if (fixed == nullptr || exits == nullptr) return;
  double fewest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < exits->t.size(); ++i) {
    if (exits->mean[i] <= kExitLoss * fixed->mean.back()) fewest = std::min(fewest, exits->t[i]);
  }
  below(
      record,
      fmt::format("{}: mean steps with {} for the loss of all {} steps or 1% more", model, criterion, fixed->t.back()),
      fewest, fixed->t.back());
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The rule of a criterion that spares the most certain tenth most.
const Curve* most_uneven(const base::StudyRecord& record, const std::string& model, const std::string& criterion) {
  const auto share = [](const Curve& curve) { return curve.mean.front() / mean_of(curve.mean); };
  const Curve* found = nullptr;
  for (const Curve& curve : record.curves) {
    const bool fits =
        curve.model == model && curve.quantity == "steps_by_certainty" && curve.group.starts_with(criterion);
    if (fits && (found == nullptr || share(curve) < share(*found))) found = &curve;
  }
  return found;
}

// Of the exit by KL divergence alone: how far a state moves says little of what is uncertain.
void check_certainty(base::StudyRecord& record, const std::string& model) {
  const Curve* curve = most_uneven(record, model, "kl:");
  if (curve == nullptr) return;
  below(record,
        fmt::format("{}: steps with {} of the most certain tenth of the bytes below those of all", model, curve->group),
        curve->mean.front(), mean_of(curve->mean));
}

void check_pairs(base::StudyRecord& record) {
  for (const Curve& curve : std::vector<Curve>(record.curves)) {
    if (curve.quantity != "answer_lipschitz" || curve.mean.size() < 2) continue;
    const double first = curve.mean.front(), last = curve.mean.back();
    record.checks.push_back({fmt::format("{}: Lipschitz ratio of answers with {} steps above that with {}", curve.model,
                                         curve.t.back(), curve.t.front()),
                             last, first, last > first});
  }
}

}  // namespace

void append_checks(base::StudyRecord& record) {
  for (const base::ModelResult& model : std::vector<base::ModelResult>(record.models)) {
    const Curve* found = find(record, model.name, "nats_per_byte", "all");
    if (model.kind != "implicit" || found == nullptr) continue;
    const Curve loss = *found;
    const double depth = record.statistics["training_depth"];
    check_loop(record, loss, depth);
    check_rivals(record, loss, depth);
    for (const char* criterion : {"latent-diff", "kl"}) check_exit(record, model.name, criterion);
    check_certainty(record, model.name);
  }
  check_pairs(record);
}

}  // namespace fathom::llm
