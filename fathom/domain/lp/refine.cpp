#include "fathom/domain/lp/refine.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/domain/lp/crash_basis.h"

namespace fathom::lp {

namespace {

using Vector = std::vector<double>;

constexpr double kVerified = 1e-6;

// Grows `worst` by the violation of value <= bound.
void exceed(Measures& worst, double value, double bound) {
  if (std::isinf(bound)) return;
  worst.violation = std::max(worst.violation, value - bound);
  worst.relative_violation = std::max(worst.relative_violation, (value - bound) / (1 + std::abs(bound)));
}

double largest(const Vector& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

// The bound at which a reduced cost d holds its variable, infinite when there is none.
double holding_bound(const Instance& p, std::size_t j, double d) { return d > 0 ? p.l[j] : p.u[j]; }

double dual_violation(const Instance& p, const SimplexResult& result) {
  double worst = 0;
  for (std::size_t j = 0; j < result.reduced_cost.size(); ++j) {
    const double d = result.reduced_cost[j];
    if (std::isinf(holding_bound(p, j, d))) worst = std::max(worst, std::abs(d));
  }
  for (std::int64_t i = 0; i < p.m; ++i) {
    if (!p.equality[i]) worst = std::max(worst, result.y[i]);
  }
  return worst / (1 + largest(p.c));
}

double dual_objective(const Instance& p, const SimplexResult& result) {
  double sum = 0;
  for (std::int64_t i = 0; i < p.m; ++i) sum += p.b[i] * result.y[i];
  for (std::size_t j = 0; j < result.reduced_cost.size(); ++j) {
    const double d = result.reduced_cost[j], bound = holding_bound(p, j, d);
    if (std::isfinite(bound)) sum += bound * d;
  }
  return sum;
}

Vector clipped(const Instance& p, Vector x) {
  // A NaN stays one, for crash_basis to refuse.
  for (std::size_t j = 0; j < std::min(x.size(), p.l.size()); ++j) x[j] = std::max(std::min(x[j], p.u[j]), p.l[j]);
  return x;
}

std::string message_of(const Refinement& r) {
  switch (r.outcome) {
    case Outcome::optimal:
      return fmt::format("optimal after {} simplex iterations from the prediction{}; {} from scratch", r.iterations,
                         r.from_cold ? ", whose answer could not be verified" : "", r.cold_iterations);
    case Outcome::infeasible:
      return "infeasible: no x satisfies all rows and bounds";
    case Outcome::unbounded:
      return "unbounded: the objective has no finite optimum on the feasible set";
    case Outcome::failed:
      break;
  }
  return fmt::format(
      "not solved: no answer of the simplex method could be verified to {:g} (primal {:.1e}, dual {:.1e}, gap "
      "{:.1e})",
      kVerified, r.certificate.primal, r.certificate.dual, r.certificate.gap);
}

// An optimum counts only with its certificate.
Outcome verified(const SimplexResult& result, const Certificate& certificate) {
  return result.outcome == Outcome::optimal && !certificate.holds(kVerified) ? Outcome::failed : result.outcome;
}

void take(Refinement& refinement, const Instance& instance, const SimplexResult& result) {
  refinement.certificate = result.outcome == Outcome::optimal ? certificate_of(instance, result) : Certificate{};
  refinement.outcome = verified(result, refinement.certificate);
  refinement.x = result.x;
  refinement.objective = result.objective;
}

}  // namespace

Measures measures_of(const Instance& p, const Vector& x) {
  Measures worst{.objective = objective(p, x)};
  const Vector a = activity(p, x);
  for (std::int64_t i = 0; i < p.m; ++i) {
    exceed(worst, a[i], p.b[i]);
    if (p.equality[i]) exceed(worst, -a[i], -p.b[i]);
  }
  for (std::int64_t j = 0; j < p.n; ++j) {
    exceed(worst, x[j], p.u[j]);
    exceed(worst, -x[j], -p.l[j]);
  }
  return worst;
}

double relative_gap(double objective, double optimum) {
  return std::abs(objective - optimum) / (1 + std::abs(optimum));
}

Certificate certificate_of(const Instance& p, const SimplexResult& result) {
  return {measures_of(p, result.x).relative_violation, dual_violation(p, result),
          relative_gap(dual_objective(p, result), result.objective)};
}

Refinement refine(const Instance& instance, const Vector& predicted) {
  const Basis start = crash_basis(instance, clipped(instance, predicted));
  const SimplexResult warm = simplex(instance, {.method = SimplexOptions::Method::primal, .start = start});
  const SimplexResult cold = simplex(instance);
  Refinement refinement{.iterations = warm.iterations, .cold_iterations = cold.iterations};
  take(refinement, instance, warm);
  if (refinement.outcome != Outcome::optimal) {
    take(refinement, instance, cold);
    refinement.from_cold = refinement.outcome == Outcome::optimal;
  }
  refinement.message = message_of(refinement);
  return refinement;
}

}  // namespace fathom::lp
