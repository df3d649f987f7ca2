#include "fathom/domain/imaging/checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "fathom/study/claims.h"

namespace fathom::imaging {

namespace {

void check_quality(base::StudyRecord& record, const base::ModelResult& implicit) {
  constexpr double kAhead = 1.0, kLeast = 25.5, kLost = 0.1;
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& other : models) {
    if (other.name == "drunet")
      study::claim_at_least(record, fmt::format("{}: dB above {}", implicit.name, other.name),
                            implicit.test - other.test, kAhead);
  }
  study::claim_at_least(record, fmt::format("{}: test PSNR in dB", implicit.name), implicit.test, kLeast);
  const base::Curve* psnr = study::find_curve(record, implicit.name, "psnr");
  if (psnr == nullptr || psnr->mean.size() < 2) return;
  const double depth = record.statistics["training depth"];
  study::claim_at_least(record, fmt::format("{}: dB gained from t = 1 to the training depth", implicit.name),
                        psnr->mean[study::point_at(*psnr, depth)] - psnr->mean.front(), 0);
  const std::size_t beyond = study::point_at(*psnr, 4 * depth);
  study::claim_at_most(record,
                       fmt::format("{}: dB lost from the curve's best to t = {:g}", implicit.name, psnr->t[beyond]),
                       *std::max_element(psnr->mean.begin(), psnr->mean.end()) - psnr->mean[beyond], kLost);
}

void check_memory(base::StudyRecord& record, const base::ModelResult& implicit) {
  const auto growth = record.statistics.find("memory growth " + implicit.name);
  if (growth == record.statistics.end()) return;
  study::claim_at_most(record, fmt::format("{}: memory of an update of 4 K iterations over that of one", implicit.name),
                       growth->second, 1.01);
}

}  // namespace

void append_checks(base::StudyRecord& record) {
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& model : models) {
    if (model.kind != "implicit") continue;
    check_quality(record, model);
    study::claim_lipschitz_saturates(record, model.name);
    check_memory(record, model);
  }
}

}  // namespace fathom::imaging
