#include "fathom/domain/lp/checks.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "fathom/study/claims.h"

namespace fathom::lp {

namespace {

constexpr double kErrorBound = 0.40;
constexpr double kStability = 1.10;

void below(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value < bound});
}

// "implicit-8" and "explicit-8x6" have the same width.
bool rivals(const base::ModelResult& implicit, const base::ModelResult& other) {
  const std::string width = implicit.name.substr(implicit.name.find('-') + 1);
  return other.name == "explicit-" + width || other.name.starts_with("explicit-" + width + "x");
}

void check_errors(base::StudyRecord& record, const base::ModelResult& implicit) {
  below(record, fmt::format("{}: test error", implicit.name), implicit.test, kErrorBound);
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& other : models) {
    if (other.kind == "baseline" || (other.kind == "explicit" && rivals(implicit, other))) {
      below(record, fmt::format("{}: test error below that of {}", implicit.name, other.name), implicit.test,
            other.test);
    }
  }
}

void check_stability(base::StudyRecord& record, const base::ModelResult& implicit) {
  const base::Curve* error = study::find_curve(record, implicit.name, "error", "all");
  const auto depth = static_cast<std::size_t>(record.statistics["training_depth"]);
  if (!error || error->mean.empty()) return;
  const double least = *std::min_element(error->mean.begin(), error->mean.end());
  for (const std::size_t factor : {2, 4}) {
    const std::size_t t = factor * depth;
    if (t >= error->mean.size()) continue;
    const double value = error->mean[t] / least;
    record.checks.push_back(
        {fmt::format("{}: error at t = {} ({} x training depth) over the curve's minimum", implicit.name, t, factor),
         value, kStability, value <= kStability});
  }
}

void check_lipschitz(base::StudyRecord& record, const base::ModelResult& implicit) {
  for (const char* group : {"A", "b", "c", "l", "u"}) {
    const base::Curve* curve = study::find_curve(record, implicit.name, "lipschitz", group);
    if (!curve || curve->mean.size() < 3) continue;
    const double last = curve->mean.back(), first = curve->mean[1];
    record.checks.push_back(
        {fmt::format("{}: Lipschitz constant in {} at the last t above that at t = 1", implicit.name, group), last,
         first, last > first});
  }
}

}  // namespace

void append_checks(base::StudyRecord& record) {
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& model : models) {
    if (model.kind != "implicit") continue;
    check_errors(record, model);
    check_stability(record, model);
    check_lipschitz(record, model);
  }
}

}  // namespace fathom::lp
