#include "fathom/report/curve_selection.h"

#include <algorithm>
#include <cmath>

#include "fathom/report/quantity.h"

namespace fathom::report {

using base::Curve;

std::vector<std::string> quantities_of(const base::StudyRecord& record) {
  std::vector<std::string> names;
  for (const Curve& curve : record.curves) {
    if (std::find(names.begin(), names.end(), curve.quantity) == names.end()) names.push_back(curve.quantity);
  }
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return !quantity_of(name).along_training; });
  return names;
}

Curves curves_of(const base::StudyRecord& record, const std::string& quantity) {
  Curves curves;
  for (const Curve& curve : record.curves) {
    if (curve.quantity == quantity) curves.push_back(&curve);
  }
  return curves;
}

std::vector<std::string> distinct(const Curves& curves, std::string Curve::*member) {
  std::vector<std::string> names;
  for (const Curve* curve : curves) {
    if (std::find(names.begin(), names.end(), curve->*member) == names.end()) names.push_back(curve->*member);
  }
  return names;
}

std::size_t points_of(const Curve& curve) { return std::min(curve.t.size(), curve.mean.size()); }

bool has_spread(const Curve& curve) {
  return curve.std.size() >= points_of(curve) &&
         std::any_of(curve.std.begin(), curve.std.end(), [](double std) { return std::isfinite(std) && std > 0; });
}

double training_depth(const base::StudyRecord& record) {
  const auto depth = record.statistics.find("training_depth");
  return depth == record.statistics.end() ? NAN : depth->second;
}

}  // namespace fathom::report
