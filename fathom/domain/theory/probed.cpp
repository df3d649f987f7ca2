#include "fathom/domain/theory/probed.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

// Relative length of the moves of random points: short beside every scale of F, long beside rounding.
constexpr double kMove = 1e-4;

// `count` values from `low` to `high`, each a constant factor from the last.
std::vector<double> geometric(double low, double high, std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count - 1);
    values.push_back(low * std::pow(high / low, share));
  }
  values.back() = high;
  return values;
}

std::vector<double> even(double low, double high, std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  }
  return values;
}

struct Interval {
  double low, high;
  bool pole_low, pole_high;  // is there a pole at the end (before the margin)
};

// Distances from a pole: from the margin to `length`.
std::vector<double> from_pole(double margin, double length, std::int64_t count) {
  return geometric(margin, length, count);
}

std::vector<double> points_of(const Interval& interval, double margin, std::int64_t count) {
  const double length = interval.high - interval.low;
  if (!interval.pole_low && !interval.pole_high) return even(interval.low, interval.high, count);
  std::vector<double> points;
  if (interval.pole_low && interval.pole_high) {
    std::vector<double> distance = from_pole(margin, length / 2, (count + 1) / 2);
    for (const double d : distance) points.push_back(interval.low + d);
    distance.pop_back();  // the middle is there already
    for (const double d : distance) points.push_back(interval.high - d);
  } else if (interval.pole_low) {
    for (const double d : from_pole(margin, length, count)) points.push_back(interval.low + d);
  } else {
    for (const double d : from_pole(margin, length, count)) points.push_back(interval.high - d);
  }
  std::sort(points.begin(), points.end());
  return points;
}

std::vector<Interval> intervals_of(double low, double high, std::vector<double> poles, double margin) {
  std::erase_if(poles, [&](double pole) { return pole < low || pole > high; });
  std::sort(poles.begin(), poles.end());
  poles.erase(std::unique(poles.begin(), poles.end()), poles.end());
  std::vector<Interval> intervals;
  double begin = low;
  bool after_pole = false;
  for (const double pole : poles) {
    if (pole > low) intervals.push_back({begin, pole, after_pole, true});
    begin = pole;
    after_pole = true;
  }
  if (begin < high) intervals.push_back({begin, high, after_pole, false});
  for (const Interval& part : intervals) {
    const double room = part.high - part.low - margin * (int{part.pole_low} + int{part.pole_high});
    if (room > 0) continue;
    throw UsageError(fmt::format("[theory::probe_interval] margin = {} violates < {} between {} and {}; lower it",
                                 margin, (part.high - part.low) / (int{part.pole_low} + int{part.pole_high}), part.low,
                                 part.high));
  }
  return intervals;
}

void pair_neighbours(Probed& probed, std::int64_t count, std::vector<std::int64_t>& from,
                     std::vector<std::int64_t>& to) {
  for (std::int64_t i = 0; i + 1 < count; ++i) {
    from.push_back(i);
    to.push_back(i + 1);
  }
  const auto pairs = static_cast<std::int64_t>(from.size());
  probed.from = tensor::from_int64s(from, {pairs});
  probed.to = tensor::from_int64s(to, {pairs});
}

// A curve of points, then random points each followed by its near twin.
Probed with_twins(std::vector<double> curve, std::vector<double> place, const std::vector<std::vector<double>>& random,
                  base::Random& draw) {
  const auto width = static_cast<std::int64_t>(random.at(0).size());
  Probed probed;
  probed.place = std::move(place);
  std::vector<std::int64_t> from, to;
  std::int64_t row = probed.drawn();
  for (const std::vector<double>& point : random) {
    std::vector<double> twin = point;
    double size = 0;
    for (const double v : point) size = std::hypot(size, v);
    for (double& v : twin) v += kMove * size * draw.normal() / std::sqrt(static_cast<double>(width));
    curve.insert(curve.end(), point.begin(), point.end());
    curve.insert(curve.end(), twin.begin(), twin.end());
    from.push_back(row);
    to.push_back(row + 1);
    row += 2;
  }
  probed.x = tensor::from_doubles(curve, {row, width}, at::kDouble);
  pair_neighbours(probed, probed.drawn(), from, to);
  return probed;
}

// Q(a) diag(s1, s2) Q(b), row by row.
std::vector<double> matrix(double a, double s1, double s2, double b) {
  const double ca = std::cos(a), sa = std::sin(a), cb = std::cos(b), sb = std::sin(b);
  return {ca * s1 * cb - sa * s2 * sb, -ca * s1 * sb - sa * s2 * cb, sa * s1 * cb + ca * s2 * sb,
          -sa * s1 * sb + ca * s2 * cb};
}

}  // namespace

Probed probe_interval(double low, double high, const std::vector<double>& poles, double margin, std::int64_t points) {
  const std::vector<Interval> intervals = intervals_of(low, high, poles, margin);
  const auto parts = static_cast<std::int64_t>(intervals.size());
  Probed probed;
  for (const Interval& interval : intervals) {
    if (!probed.place.empty()) probed.breaks.push_back(probed.drawn() - 1);
    for (const double x : points_of(interval, margin, std::max<std::int64_t>(4, points / parts))) {
      probed.place.push_back(x);
    }
  }
  probed.x = tensor::from_doubles(probed.place, {probed.drawn(), 1}, at::kDouble);
  std::vector<std::int64_t> from, to;
  pair_neighbours(probed, probed.drawn(), from, to);
  return probed;
}

Probed probe_disc(double margin, std::int64_t points, std::uint64_t seed) {
  base::Random draw(base::stream_seed(seed, "disc"));
  const std::int64_t half = points / 2;
  std::vector<double> place = geometric(margin, 1, half), curve;
  for (const double radius : place) curve.insert(curve.end(), {radius, 0});
  std::vector<std::vector<double>> random;
  for (std::int64_t i = 0; i < half / 2; ++i) {
    const double radius = margin * (1 + kMove) * std::pow(1 / margin, draw.uniform());
    const double angle = draw.uniform(0, 2 * std::numbers::pi);
    random.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  return with_twins(std::move(curve), std::move(place), random, draw);
}

Probed probe_matrices(double margin, std::int64_t points, std::uint64_t seed) {
  base::Random draw(base::stream_seed(seed, "matrices"));
  const auto angle = [&] { return draw.uniform(0, 2 * std::numbers::pi); };
  const std::int64_t half = points / 2;
  std::vector<double> place = geometric(margin, 1, half), curve;
  const double a = angle(), b = angle();
  for (const double s : place) {
    const std::vector<double> point = matrix(a, 1, s, b);
    curve.insert(curve.end(), point.begin(), point.end());
  }
  std::vector<std::vector<double>> random;
  for (std::int64_t i = 0; i < half / 2; ++i) {
    const double small = margin * std::pow(0.5 / margin, draw.uniform());
    const double sign = draw.uniform() < 0.5 ? -1 : 1;
    random.push_back(matrix(angle(), draw.uniform(0.5, 1), sign * small, angle()));
  }
  return with_twins(std::move(curve), std::move(place), random, draw);
}

std::vector<double> lengths(const Probed& probed) {
  return measure::distance(at::index_select(probed.x, 0, probed.from), at::index_select(probed.x, 0, probed.to));
}

double lipschitz(const Probed& probed, const Tensor& y) {
  const std::vector<double> dy =
      measure::distance(at::index_select(y, 0, probed.from), at::index_select(y, 0, probed.to));
  double largest = 0;
  for (const double ratio : measure::lipschitz(dy, lengths(probed))) largest = std::fmax(largest, ratio);
  return largest;
}

}  // namespace fathom::theory
