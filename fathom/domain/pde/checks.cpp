#include "fathom/domain/pde/checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "fathom/study/claims.h"

namespace fathom::pde {

namespace {

void check_rivals(base::StudyRecord& record, const base::ModelResult& implicit) {
  const std::string width = implicit.name.substr(implicit.name.find('-') + 1);
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& other : models) {
    if (other.name == "fno-" + width) {
      study::claim_at_most(record, fmt::format("{}: test error over that of {}", implicit.name, other.name),
                           implicit.test / other.test, 0.5);
    } else if (other.name == "fno++norm-" + width || other.name == "fno++-" + width + "x2") {
      study::claim_at_most(record, fmt::format("{}: test error over that of {}", implicit.name, other.name),
                           implicit.test / other.test, 1);
    }
  }
}

void check_error(base::StudyRecord& record, const base::ModelResult& implicit) {
  const base::Curve* error = study::find_curve(record, implicit.name, "error");
  if (error == nullptr || error->mean.size() < 2) return;
  const double depth = record.statistics["training_depth"];
  const double least = *std::min_element(error->mean.begin(), error->mean.end());
  study::claim_at_most(record, fmt::format("{}: error at the training depth over that at t = 1", implicit.name),
                       error->mean[study::point_at(*error, depth)] / error->mean.front(), 0.9);
  const std::size_t beyond = study::point_at(*error, 4 * depth);
  study::claim_at_most(record,
                       fmt::format("{}: error at t = {:g} over the curve's least", implicit.name, error->t[beyond]),
                       error->mean[beyond] / least, 1.1);
}

}  // namespace

void append_checks(base::StudyRecord& record) {
  const std::vector<base::ModelResult> models = record.models;
  for (const base::ModelResult& model : models) {
    if (model.kind != "implicit") continue;
    check_rivals(record, model);
    check_error(record, model);
    study::claim_lipschitz_saturates(record, model.name);
  }
}

}  // namespace fathom::pde
