#include "fathom/domain/lp/minimum_norm.h"

#include <algorithm>
#include <cmath>

namespace fathom::lp {

namespace {

using Vector = std::vector<double>;

Vector primal(const Instance& p, const Vector& y) {
  Vector x(p.c.size(), 0.0);
  for (std::size_t e = 0; e < p.value.size(); ++e) x[p.column[e]] -= p.value[e] * y[p.row[e]];
  for (std::size_t j = 0; j < x.size(); ++j) x[j] = std::clamp(x[j], p.l[j], p.u[j]);
  return x;
}

// A x - b: the gradient of the dual, and the violation of the rows.
Vector excess(const Instance& p, const Vector& x) {
  Vector r(p.b.size());
  for (std::size_t i = 0; i < r.size(); ++i) r[i] = -p.b[i];
  for (std::size_t e = 0; e < p.value.size(); ++e) r[p.row[e]] += p.value[e] * x[p.column[e]];
  return r;
}

// Bounds ||A||^2 by the largest row sum times the largest column sum of |a|.
double squared_norm_bound(const Instance& p) {
  Vector row(p.b.size(), 0.0), column(p.c.size(), 0.0);
  for (std::size_t e = 0; e < p.value.size(); ++e) {
    row[p.row[e]] += std::abs(p.value[e]);
    column[p.column[e]] += std::abs(p.value[e]);
  }
  const double rows = row.empty() ? 0 : *std::max_element(row.begin(), row.end());
  const double columns = column.empty() ? 0 : *std::max_element(column.begin(), column.end());
  return std::max(rows * columns, 1e-30);
}

// Complementarity: a slack row may stay below b only where y is zero, which the projected step below enforces; what
// is left to measure is how much rows are violated, and tight rows missed.
double worst_violation(const Instance& p, const Vector& r, const Vector& y) {
  double worst = 0, scale = 1;
  for (std::size_t i = 0; i < r.size(); ++i) {
    worst = std::max(worst, p.equality[i] || y[i] > 0 ? std::abs(r[i]) : r[i]);
    scale = std::max(scale, 1 + std::abs(p.b[i]));
  }
  return worst / scale;
}

// Nesterov's momentum, dropped whenever it points downhill.
struct Ascent {
  Vector y, ahead;
  double momentum = 1;

  void step(const Instance& p, double length) {
    const Vector r = excess(p, primal(p, ahead));
    Vector next = ahead;
    double uphill = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      next[i] = ahead[i] + length * r[i];
      if (!p.equality[i]) next[i] = std::max(0.0, next[i]);
      uphill += (ahead[i] - next[i]) * (next[i] - y[i]);
    }
    const double faster = uphill > 0 ? 1 : (1 + std::sqrt(1 + 4 * momentum * momentum)) / 2;
    const double weight = uphill > 0 ? 0 : (momentum - 1) / faster;
    for (std::size_t i = 0; i < y.size(); ++i) ahead[i] = next[i] + weight * (next[i] - y[i]);
    y = next;
    momentum = faster;
  }
};

constexpr std::int64_t kCheckEvery = 10;

}  // namespace

Projection minimum_norm(const Instance& p, double tolerance, std::int64_t max_iterations) {
  const double length = 1 / squared_norm_bound(p);
  Ascent ascent{Vector(p.b.size(), 0.0), Vector(p.b.size(), 0.0)};
  Projection result;
  while (!result.converged && result.iterations < max_iterations) {
    ascent.step(p, length);
    if (++result.iterations % kCheckEvery != 0 && result.iterations < max_iterations) continue;
    result.x = primal(p, ascent.y);
    result.violation = worst_violation(p, excess(p, result.x), ascent.y);
    result.converged = result.violation <= tolerance;
  }
  return result;
}

}  // namespace fathom::lp
