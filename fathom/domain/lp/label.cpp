#include "fathom/domain/lp/label.h"

#include <algorithm>
#include <cmath>

#include "fathom/domain/lp/clp.h"
#include "fathom/domain/lp/minimum_norm.h"
#include "fathom/domain/lp/quality.h"

namespace fathom::lp {

namespace {

constexpr double kBasic = 1;             // Clp's code of a basic variable
constexpr double kZeroCost = 1e-9;       // a reduced cost or dual below it, relative to the costs, binds nothing
constexpr double kAccuracy = 1e-9;       // what a label must reach

LabelStatus status_of(ClpStatus status) {
  switch (status) {
    case ClpStatus::optimal: return LabelStatus::optimal;
    case ClpStatus::infeasible: return LabelStatus::infeasible;
    case ClpStatus::unbounded: return LabelStatus::unbounded;
    case ClpStatus::stopped: return LabelStatus::failed;
  }
  return LabelStatus::failed;
}

Label label_of(const ClpResult& solved) { return {status_of(solved.status), solved.x, solved.objective, true}; }

double cost_tolerance(const Instance& instance) {
  double largest = 0;
  for (const double c : instance.c) largest = std::max(largest, std::abs(c));
  return kZeroCost * largest;
}

// One nonbasic variable or slack that can move at no cost makes the optimum a face (or a degenerate point).
bool may_be_several(const Instance& instance, const ClpResult& solved) {
  const double zero = cost_tolerance(instance);
  for (std::int64_t j = 0; j < instance.n; ++j) {
    if (solved.basis[j] != kBasic && std::abs(solved.reduced_cost[j]) <= zero && instance.l[j] < instance.u[j]) return true;
  }
  for (std::int64_t i = 0; i < instance.m; ++i) {
    if (solved.basis[instance.n + i] != kBasic && std::abs(solved.dual[i]) <= zero && !instance.equality[i]) return true;
  }
  return false;
}

// Complementary slackness: a variable with a reduced cost stays at its bound, a row with a dual is tight.
Instance optimal_face(const Instance& instance, const ClpResult& solved) {
  Instance face = instance;
  const double zero = cost_tolerance(instance);
  for (std::int64_t j = 0; j < instance.n; ++j) {
    if (solved.basis[j] != kBasic && std::abs(solved.reduced_cost[j]) > zero) face.l[j] = face.u[j] = solved.x[j];
  }
  for (std::int64_t i = 0; i < instance.m; ++i) {
    if (std::abs(solved.dual[i]) > zero) face.equality[i] = 1;
  }
  return face;
}

double largest_number(const Instance& instance, const std::vector<double>& x) {
  double largest = 1;
  for (const double value : x) largest = std::max(largest, std::abs(value));
  for (const double value : instance.b) largest = std::max(largest, std::abs(value));
  return largest;
}

double objective(const Instance& instance, const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t j = 0; j < x.size(); ++j) sum += instance.c[j] * x[j];
  return sum;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t j = 0; j < a.size(); ++j) largest = std::max(largest, std::abs(a[j] - b[j]));
  return largest;
}

}  // namespace

Label vertex_label(const Instance& instance) { return label_of(solve_clp(instance)); }

Label minimum_norm_label(const Instance& instance) {
  const ClpResult solved = solve_clp(instance);
  Label label = label_of(solved);
  if (label.status != LabelStatus::optimal || !may_be_several(instance, solved)) return label;
  const Projection projection = minimum_norm(optimal_face(instance, solved));
  const double scale = largest_number(instance, solved.x);
  const bool feasible = violation(instance, projection.x) <= kAccuracy * scale;
  const bool optimal = std::abs(objective(instance, projection.x) - solved.objective) <= kAccuracy * (1 + std::abs(solved.objective));
  if (!feasible || !optimal) {
    label.status = LabelStatus::failed;
    return label;
  }
  label.unique = distance(projection.x, solved.x) <= 1e-7 * scale;
  label.x = projection.x;
  label.objective = objective(instance, projection.x);
  return label;
}

}  // namespace fathom::lp
