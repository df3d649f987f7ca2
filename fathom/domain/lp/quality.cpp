#include "fathom/domain/lp/quality.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"

namespace fathom::lp {

double violation(const Instance& instance, const std::vector<double>& x) {
  const std::vector<double> a = activity(instance, x);
  double worst = 0;
  for (std::int64_t i = 0; i < instance.m; ++i) {
    const double excess = a[i] - instance.b[i];
    worst = std::max(worst, instance.equality[i] ? std::abs(excess) : excess);
  }
  for (std::int64_t j = 0; j < instance.n; ++j) worst = std::max({worst, instance.l[j] - x[j], x[j] - instance.u[j]});
  return worst;
}

Quality quality_of(const Dataset& data, const std::vector<double>& predicted) {
  Quality mean;
  auto next = predicted.begin();
  for (std::size_t k = 0; k < data.instances.size(); ++k) {
    const Instance& instance = data.instances[k];
    if (predicted.end() - next < instance.n)
      base::fail("lp::quality_of", "{} predicted numbers are too few for {} programs", predicted.size(),
                 data.instances.size());
    const std::vector<double> x(next, next + instance.n);
    next += instance.n;
    const double best = objective(instance, data.solutions[k]);
    double scale = 1;
    for (const double b : instance.b) scale = std::max(scale, 1 + std::abs(b));
    mean.objective_gap += std::abs(objective(instance, x) - best) / (1 + std::abs(best));
    mean.infeasibility += violation(instance, x) / scale;
  }
  const auto count = static_cast<double>(std::max<std::size_t>(1, data.instances.size()));
  return {mean.objective_gap / count, mean.infeasibility / count};
}

}  // namespace fathom::lp
