#include "fathom/domain/puzzle/checks.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace fathom::puzzle {

namespace {

// The exact match of one training at a size and t; nothing where the study has no such point. An explicit network's
// curve has its ends alone: any t is its last.
std::optional<double> exact_at(const Measured& m, std::int64_t size, std::int64_t t) {
  for (const base::Curve& curve : m.curves) {
    if (curve.quantity != "exact_match" || curve.group != std::to_string(size)) continue;
    if (m.result.kind == "explicit") return curve.mean.back();
    const auto at = std::find(curve.t.begin(), curve.t.end(), static_cast<double>(t));
    if (at != curve.t.end()) return curve.mean[static_cast<std::size_t>(at - curve.t.begin())];
  }
  return std::nullopt;
}

// Over the seeds; nothing where one has no such point.
std::vector<double> exact_of_seeds(const Seeds& seeds, std::int64_t size, std::int64_t t) {
  std::vector<double> values;
  for (const Measured& m : seeds) {
    if (const std::optional<double> value = exact_at(m, size, t)) values.push_back(*value);
  }
  return values;
}

void at_least(base::StudyRecord& record, const Seeds& seeds, std::int64_t size, std::int64_t t, double bound) {
  const std::vector<double> values = exact_of_seeds(seeds, size, t);
  if (values.empty()) return;
  const double worst = *std::min_element(values.begin(), values.end());
  record.checks.push_back({fmt::format("{}: exact match at size {}, t = {}, least of {} seeds, at least",
                                       seeds.front().result.name, size, t, seeds.size()),
                           worst, bound, worst >= bound});
}

void at_most(base::StudyRecord& record, const Seeds& seeds, std::int64_t size, std::int64_t t, double bound) {
  const std::vector<double> values = exact_of_seeds(seeds, size, t);
  if (values.empty()) return;
  const double worst = *std::max_element(values.begin(), values.end());
  record.checks.push_back({fmt::format("{}: exact match at size {}, t = {}, greatest of {} seeds, at most",
                                       seeds.front().result.name, size, t, seeds.size()),
                           worst, bound, worst <= bound});
}

void trained_within(base::StudyRecord& record, const Seeds& seeds, double bound) {
  double longest = 0;
  for (const Measured& m : seeds) longest = std::max(longest, m.result.seconds_train);
  record.checks.push_back(
      {fmt::format("{}: seconds of training, longest of {} seeds, at most", seeds.front().result.name, seeds.size()),
       longest, bound, longest <= bound});
}

// Iterating longer is what solves them, and rivals of as many updates do not come near.
void append_sudoku_checks(const std::vector<Seeds>& models, base::StudyRecord& record) {
  for (const Seeds& seeds : models) {
    if (seeds.front().result.kind == "explicit") {
      at_most(record, seeds, 2, 0, 0.5);
    } else {
      at_most(record, seeds, 2, 4, 0.10);
      at_least(record, seeds, 2, 64, 0.90);
    }
  }
}

}  // namespace

void append_checks(const Config& config, const std::vector<Seeds>& models, base::StudyRecord& record) {
  if (config.chosen().loss_seconds > 0) return;
  if (config.task == "sudoku") return append_sudoku_checks(models, record);
  const bool parity = config.task == "parity";
  for (const Seeds& seeds : models) {
    if (seeds.front().result.kind == "explicit") {
      at_most(record, seeds, parity ? 64 : 23, config.chosen().study.iterations.back(), parity ? 0.05 : 0.5);
    } else if (parity) {
      at_least(record, seeds, 512, 640, 1);
      at_most(record, seeds, 512, 80, 0);
      trained_within(record, seeds, 300);
    } else {
      at_least(record, seeds, 15, 40, 0.95);
      at_most(record, seeds, 15, 5, 0.10);
      at_least(record, seeds, 23, 160, 0.80);
      trained_within(record, seeds, 2400);
    }
  }
}

}  // namespace fathom::puzzle
