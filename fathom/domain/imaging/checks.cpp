#include "fathom/domain/imaging/checks.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace fathom::imaging {

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

void at_least(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value >= bound});
}

std::size_t index_of(const base::Curve& curve, double t) {
  const auto at = std::lower_bound(curve.t.begin(), curve.t.end(), t);
  return static_cast<std::size_t>(std::min(at, curve.t.end() - 1) - curve.t.begin());
}

void check_quality(base::StudyRecord& record, const base::ModelResult& implicit) {
  constexpr double kAhead = 1.0, kLeast = 25.5, kLost = 0.1;
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& other : models) {
    if (other.name == "drunet")
      at_least(record, fmt::format("{}: dB above {}", implicit.name, other.name), implicit.test - other.test, kAhead);
  }
  at_least(record, fmt::format("{}: test PSNR in dB", implicit.name), implicit.test, kLeast);
  const base::Curve* psnr = find(record, implicit.name, "psnr");
  if (psnr == nullptr || psnr->mean.size() < 2) return;
  const double depth = record.statistics["training depth"];
  at_least(record, fmt::format("{}: dB gained from t = 1 to the training depth", implicit.name),
           psnr->mean[index_of(*psnr, depth)] - psnr->mean.front(), 0);
  const std::size_t beyond = index_of(*psnr, 4 * depth);
  at_most(record, fmt::format("{}: dB lost from the curve's best to t = {:g}", implicit.name, psnr->t[beyond]),
          *std::max_element(psnr->mean.begin(), psnr->mean.end()) - psnr->mean[beyond], kLost);
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

void check_memory(base::StudyRecord& record, const base::ModelResult& implicit) {
  const auto growth = record.statistics.find("memory growth " + implicit.name);
  if (growth == record.statistics.end()) return;
  at_most(record, fmt::format("{}: memory of an update of 4 K iterations over that of one", implicit.name),
          growth->second, 1.01);
}

}  // namespace

void append_checks(base::StudyRecord& record) {
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& model : models) {
    if (model.kind != "implicit") continue;
    check_quality(record, model);
    check_lipschitz(record, model);
    check_memory(record, model);
  }
}

}  // namespace fathom::imaging
