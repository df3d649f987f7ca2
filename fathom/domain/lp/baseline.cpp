#include "fathom/domain/lp/baseline.h"

#include <algorithm>
#include <cmath>

namespace fathom::lp {

namespace {

double predict_one(Baseline baseline, double c, double l, double u) {
  const double nearest_to_zero = std::clamp(0.0, l, u);
  const double low = std::isfinite(l) ? l : nearest_to_zero, high = std::isfinite(u) ? u : nearest_to_zero;
  if (baseline == Baseline::zero) return 0;
  if (baseline == Baseline::cost_sign && c != 0) return c > 0 ? low : high;
  return low + (high - low) / 2;
}

}  // namespace

std::string_view to_string(Baseline baseline) {
  switch (baseline) {
    case Baseline::zero:
      return "zero";
    case Baseline::midpoint:
      return "midpoint of the bounds";
    case Baseline::cost_sign:
      return "bound by the sign of c";
  }
  return "unknown";
}

std::vector<double> predict(Baseline baseline, const Instance& instance) {
  std::vector<double> x;
  for (std::int64_t j = 0; j < instance.n; ++j)
    x.push_back(predict_one(baseline, instance.c[j], instance.l[j], instance.u[j]));
  return x;
}

double baseline_error(Baseline baseline, const Dataset& data) {
  double sum = 0;
  for (std::size_t k = 0; k < data.instances.size(); ++k) {
    const std::vector<double> x = predict(baseline, data.instances[k]);
    double difference = 0, size = 0;
    for (std::size_t j = 0; j < x.size(); ++j) {
      difference += (x[j] - data.solutions[k][j]) * (x[j] - data.solutions[k][j]);
      size += data.solutions[k][j] * data.solutions[k][j];
    }
    sum += std::sqrt(difference) / (std::sqrt(size) + 1);
  }
  return sum / static_cast<double>(std::max<std::size_t>(1, data.instances.size()));
}

}  // namespace fathom::lp
