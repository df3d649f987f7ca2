#include "fathom/measure/contraction.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fathom/base/error.h"

namespace fathom::measure {

namespace {

constexpr std::size_t kFewest = 4;
constexpr std::size_t kMost = 256;

struct Point {
  std::int64_t t;
  double log_residual;
};

std::vector<Point> usable(std::span<const double> residuals) {
  std::vector<Point> points;
  for (std::size_t t = 0; t < residuals.size(); ++t) {
    if (std::isfinite(residuals[t]) && residuals[t] > 0) {
      points.push_back({static_cast<std::int64_t>(t), std::log(residuals[t])});
    }
  }
  return points;
}

bool lower(const Point& a, const Point& b) { return a.log_residual < b.log_residual; }

// The points before rounding: where there is a descent of three decades or more, up to the last decade of it, in
// which a trace at its floor wanders about; else up to the smallest residual.
std::span<const Point> descent(std::span<const Point> points) {
  const auto lowest = std::min_element(points.begin(), points.end(), lower);
  const auto highest = std::max_element(points.begin(), lowest + 1, lower);
  auto end = lowest;
  if (highest->log_residual - lowest->log_residual >= std::log(1e3)) {
    const double last_decade = lowest->log_residual + std::log(10);
    end = std::find_if(highest, lowest, [&](const Point& point) { return point.log_residual <= last_decade; });
  }
  return points.first(static_cast<std::size_t>(end - points.begin()) + 1);
}

// The later half of the descent, or of everything where there is none.
std::span<const Point> tail(std::span<const Point> points) {
  auto part = descent(points);
  if (part.size() < kFewest) part = points;
  return part.last(std::min(kMost, std::max(kFewest, part.size() - part.size() / 2)));
}

double quantile(std::vector<double> values, double q) {
  const auto place = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[place];
}

double slope(const Point& a, const Point& b) {
  return (b.log_residual - a.log_residual) / static_cast<double>(b.t - a.t);
}

void require_bound_inputs(double L, double length, const char* place) {
  base::require(L >= 0, place, "L", L, ">= 0", "it is a Lipschitz constant");
  base::require(length >= 0, place, "length", length, ">= 0", "it is a norm");
}

}  // namespace

Contraction contraction(std::span<const double> residuals) {
  const std::vector<Point> points = usable(residuals);
  if (points.size() < kFewest) return {};
  const std::span<const Point> fit = tail(points);
  std::vector<double> slopes, single;
  for (std::size_t i = 0; i < fit.size(); ++i) {
    for (std::size_t j = i + 1; j < fit.size(); ++j) slopes.push_back(slope(fit[i], fit[j]));
    if (i > 0) single.push_back(slope(fit[i - 1], fit[i]));
  }
  return {.factor = std::exp(quantile(slopes, 0.5)),
          .low = std::exp(quantile(single, 0.25)),
          .high = std::exp(quantile(single, 0.75)),
          .first = fit.front().t,
          .last = fit.back().t};
}

double a_posteriori_bound(double L, double last_step) {
  require_bound_inputs(L, last_step, "measure::a_posteriori_bound");
  return L < 1 ? L / (1 - L) * last_step : std::numeric_limits<double>::infinity();
}

double residual_bound(double L, double residual) {
  require_bound_inputs(L, residual, "measure::residual_bound");
  return L < 1 ? residual / (1 - L) : std::numeric_limits<double>::infinity();
}

}  // namespace fathom::measure
