#include "fathom/domain/pde/checks.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace fathom::pde {

namespace {

const base::Curve* find(const base::StudyRecord& record, const std::string& model, const std::string& quantity) {
  for (const base::Curve& curve : record.curves) {
    if (curve.model == model && curve.quantity == quantity) return &curve;
  }
  return nullptr;
}

void at_most(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value <= bound});
}

void check_rivals(base::StudyRecord& record, const base::ModelResult& implicit) {
  const std::string width = implicit.name.substr(implicit.name.find('-') + 1);
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& other : models) {
    if (other.name == "fno-" + width) {
      at_most(record, fmt::format("{}: test error over that of {}", implicit.name, other.name),
              implicit.test / other.test, 0.5);
    } else if (other.name == "fno++norm-" + width || other.name == "fno++-" + width + "x2") {
      at_most(record, fmt::format("{}: test error over that of {}", implicit.name, other.name),
              implicit.test / other.test, 1);
    }
  }
}

std::size_t index_of(const base::Curve& curve, double t) {
  const auto at = std::lower_bound(curve.t.begin(), curve.t.end(), t);
  return static_cast<std::size_t>(std::min(at, curve.t.end() - 1) - curve.t.begin());
}

void check_error(base::StudyRecord& record, const base::ModelResult& implicit) {
  const base::Curve* error = find(record, implicit.name, "error");
  if (error == nullptr || error->mean.size() < 2) return;
  const double depth = record.statistics["training_depth"];
  const double least = *std::min_element(error->mean.begin(), error->mean.end());
  at_most(record, fmt::format("{}: error at the training depth over that at t = 1", implicit.name),
          error->mean[index_of(*error, depth)] / error->mean.front(), 0.9);
  const std::size_t beyond = index_of(*error, 4 * depth);
  at_most(record, fmt::format("{}: error at t = {:g} over the curve's least", implicit.name, error->t[beyond]),
          error->mean[beyond] / least, 1.1);
}

void check_lipschitz(base::StudyRecord& record, const base::ModelResult& implicit) {
  const base::Curve* curve = find(record, implicit.name, "largest lipschitz");
  if (curve == nullptr || curve->mean.size() < 4) return;
  const double first = curve->mean.front(), half = curve->mean[curve->mean.size() / 2 - 1], last = curve->mean.back();
  record.checks.push_back(
      {fmt::format("{}: largest Lipschitz constant at the last t, above that at t = 1", implicit.name), last, first,
       last > first});
  at_most(record, fmt::format("{}: its relative change over the last half of the iterations", implicit.name),
          std::abs(last / half - 1), 0.1);
}

}  // namespace

void append_checks(base::StudyRecord& record) {
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& model : models) {
    if (model.kind != "implicit") continue;
    check_rivals(record, model);
    check_error(record, model);
    check_lipschitz(record, model);
  }
}

}  // namespace fathom::pde
