#include "fathom/domain/lp/scaling.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"

namespace fathom::lp {

namespace {

using Vector = std::vector<double>;
using Indices = std::vector<std::int64_t>;

constexpr int kPasses = 20;
constexpr double kLargestCost = 0.01, kTypicalBound = 10;  // of the training distribution
constexpr double kMostExponent = 200;                      // keeps products of three factors within double's range

double power_of_two(double factor) {
  if (!(factor > 0) || !std::isfinite(factor)) return 1;
  return std::exp2(std::clamp(std::round(std::log2(factor)), -kMostExponent, kMostExponent));
}

double largest(const Vector& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

// Divides each factor by the square root of the root mean square of its nonzeros row_i |a_ij| column_j.
void equalize(Vector& factor, const Indices& index, const Vector& size) {
  Vector square(factor.size(), 0.0), count(factor.size(), 0.0);
  for (std::size_t e = 0; e < size.size(); ++e) {
    square[index[e]] += size[e] * size[e];
    count[index[e]] += 1;
  }
  for (std::size_t i = 0; i < factor.size(); ++i) {
    if (square[i] > 0) factor[i] /= std::sqrt(std::sqrt(square[i] / count[i]));
  }
}

void equilibrate(const Instance& p, Vector& row, Vector& column) {
  Vector size(p.value.size());
  for (int pass = 0; pass < kPasses; ++pass) {
    for (std::size_t e = 0; e < size.size(); ++e) size[e] = std::abs(p.value[e]) * row[p.row[e]] * column[p.column[e]];
    equalize(row, p.row, size);
    equalize(column, p.column, size);
  }
  std::transform(row.begin(), row.end(), row.begin(), power_of_two);
  std::transform(column.begin(), column.end(), column.begin(), power_of_two);
}

double typical_bound(const Instance& p, const Vector& column) {
  double square = 0, count = 0;
  for (std::int64_t j = 0; j < p.n; ++j) {
    for (const double bound : {p.l[j], p.u[j]}) {
      if (!std::isfinite(bound) || bound == 0) continue;
      square += bound / column[j] * (bound / column[j]);
      count += 1;
    }
  }
  return count > 0 ? std::sqrt(square / count) : 0;
}

// The common size of x: what b, or the bounds, say it is.
double length(const Instance& p, const Vector& row, const Vector& column) {
  double most = 0;
  for (std::int64_t i = 0; i < p.m; ++i) most = std::max(most, std::abs(p.b[i]) * row[i]);
  return power_of_two(most > 0 ? most : typical_bound(p, column) / kTypicalBound);
}

Instance scaled_instance(const Instance& p, const Scaled& s) {
  Instance q = p;
  for (std::size_t e = 0; e < q.value.size(); ++e) q.value[e] *= s.row[q.row[e]] * s.column[q.column[e]];
  for (std::int64_t i = 0; i < q.m; ++i) q.b[i] *= s.row[i];
  for (std::int64_t j = 0; j < q.n; ++j) {
    q.c[j] *= s.cost * s.column[j];
    q.l[j] /= s.column[j];
    q.u[j] /= s.column[j];
  }
  return q;
}

Vector times(const Vector& x, const Vector& factor, bool divide) {
  base::require(x.size() == factor.size(), "lp::scale", "x.size()", x.size(), fmt::format("= {}", factor.size()),
                "give one number per variable");
  Vector y(x.size());
  for (std::size_t j = 0; j < y.size(); ++j) y[j] = divide ? x[j] / factor[j] : x[j] * factor[j];
  return y;
}

}  // namespace

Vector Scaled::scale(const Vector& x) const { return times(x, column, true); }

Vector Scaled::unscale(const Vector& scaled) const { return times(scaled, column, false); }

Scaled scale(const Instance& p) {
  validate(p);
  Scaled s{.row = Vector(static_cast<std::size_t>(p.m), 1.0), .column = Vector(static_cast<std::size_t>(p.n), 1.0)};
  equilibrate(p, s.row, s.column);
  const double common = length(p, s.row, s.column);
  for (double& factor : s.row) factor /= common;
  for (double& factor : s.column) factor *= common;
  Vector costs = p.c;
  for (std::int64_t j = 0; j < p.n; ++j) costs[j] *= s.column[j];
  s.cost = power_of_two(kLargestCost / largest(costs));
  s.instance = scaled_instance(p, s);
  return s;
}

}  // namespace fathom::lp
