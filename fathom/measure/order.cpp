#include "fathom/measure/order.h"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/measure/residual.h"
#include "fathom/tensor/precision.h"

namespace fathom::measure {

namespace {

constexpr std::size_t kFewest = 4, kMost = 256;

// log ||r|| from the highest residual to the one before the lowest; a value that is 0 or not finite ends it.
std::vector<double> descent(std::span<const double> residuals) {
  std::vector<double> logs;
  for (const double residual : residuals) {
    if (!std::isfinite(residual) || residual <= 0) break;
    logs.push_back(std::log(residual));
  }
  const auto lowest = std::min_element(logs.begin(), logs.end());
  const auto highest = std::max_element(logs.begin(), lowest);
  std::vector<double> part(highest, lowest);
  if (part.size() > kMost) part.erase(part.begin(), part.end() - kMost);
  return part;
}

double quantile(std::vector<double>& values, double q) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace

Order convergence_order(std::span<const double> residuals) {
  const std::vector<double> logs = descent(residuals);
  if (residuals.size() < kFewest || logs.size() < kFewest - 1) return {};
  std::vector<double> slopes;
  for (std::size_t i = 0; i + 1 < logs.size(); ++i) {
    for (std::size_t j = i + 1; j + 1 < logs.size(); ++j) {
      if (logs[i] != logs[j]) slopes.push_back((logs[j + 1] - logs[i + 1]) / (logs[j] - logs[i]));
    }
  }
  if (slopes.empty()) return {};
  return {quantile(slopes, 0.5), quantile(slopes, 0.25), quantile(slopes, 0.75),
          static_cast<std::int64_t>(logs.size())};
}

ResidualFloor residual_floor(const Map& map, const State& y, std::int64_t steps, const Rows& rows) {
  base::require(steps >= 1, "measure::residual_floor", "steps", steps, ">= 1", "the floor is what is seen along them");
  const at::NoGradGuard no_grad;
  std::vector<std::vector<double>> seen(y.batch());
  State at = y.detach();
  for (std::int64_t t = 0; t <= steps; ++t) {
    if (2 * t >= steps) {
      const std::vector<double> relative = residual(map, at, rows).relative;
      for (std::size_t row = 0; row < relative.size(); ++row) seen[row].push_back(relative[row]);
    }
    at = map(at, rows);
  }
  ResidualFloor floor;
  for (std::vector<double>& values : seen) {
    floor.relative.push_back(quantile(values, 0.5));
    floor.epsilons.push_back(floor.relative.back() / tensor::epsilon_of(y[0].scalar_type()));
  }
  return floor;
}

}  // namespace fathom::measure
