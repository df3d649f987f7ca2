#include "fathom/study/claims.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace fathom::study {

const base::Curve* find_curve(const base::StudyRecord& record, std::string_view model, std::string_view quantity,
                              std::string_view group) {
  for (const base::Curve& curve : record.curves) {
    if (curve.model == model && curve.quantity == quantity && (group.empty() || curve.group == group)) return &curve;
  }
  return nullptr;
}

std::size_t point_at(const base::Curve& curve, double t) {
  const auto at = std::lower_bound(curve.t.begin(), curve.t.end(), t);
  return static_cast<std::size_t>(std::min(at, curve.t.end() - 1) - curve.t.begin());
}

void claim_at_most(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value <= bound});
}

void claim_at_least(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value >= bound});
}

void claim_lipschitz_saturates(base::StudyRecord& record, const std::string& model) {
  const base::Curve* curve = find_curve(record, model, "largest lipschitz");
  if (curve == nullptr || curve->mean.size() < 4) return;
  const double first = curve->mean.front(), half = curve->mean[curve->mean.size() / 2 - 1], last = curve->mean.back();
  record.checks.push_back({fmt::format("{}: largest Lipschitz constant at the last t, above that at t = 1", model),
                           last, first, last > first});
  claim_at_most(record, fmt::format("{}: its relative change over the last half of the iterations", model),
                std::abs(last / half - 1), 0.1);
}

}  // namespace fathom::study
