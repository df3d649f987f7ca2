#include "fathom/domain/lp/clp.h"

#include <algorithm>
#include <cmath>

#include <ClpSimplex.hpp>

#include "fathom/base/error.h"

namespace fathom::lp {

namespace {

double clp_number(double value) { return std::isinf(value) ? std::copysign(COIN_DBL_MAX, value) : value; }

std::vector<double> clp_numbers(const std::vector<double>& values) {
  std::vector<double> numbers(values.size());
  std::transform(values.begin(), values.end(), numbers.begin(), clp_number);
  return numbers;
}

CoinPackedMatrix matrix_of(const Instance& p) {
  const std::vector<int> row(p.row.begin(), p.row.end()), column(p.column.begin(), p.column.end());
  CoinPackedMatrix matrix(true, row.data(), column.data(), p.value.data(), static_cast<CoinBigIndex>(p.value.size()));
  matrix.setDimensions(static_cast<int>(p.m), static_cast<int>(p.n));
  return matrix;
}

void load(ClpSimplex& model, const Instance& p, const SimplexOptions& options) {
  std::vector<double> row_lower(p.b);
  for (std::int64_t i = 0; i < p.m; ++i) {
    if (!p.equality[i]) row_lower[i] = -COIN_DBL_MAX;
  }
  const std::vector<double> l = clp_numbers(p.l), u = clp_numbers(p.u);
  model.setLogLevel(0);
  model.loadProblem(matrix_of(p), l.data(), u.data(), p.c.data(), row_lower.data(), p.b.data());
  model.setPrimalTolerance(options.tolerance);
  model.setDualTolerance(options.tolerance);
  const std::int64_t most = options.max_iterations > 0 ? options.max_iterations : 10000 + 50 * (p.m + p.n);
  model.setMaximumIterations(static_cast<int>(std::min<std::int64_t>(most, 2'000'000'000)));
}

ClpSimplex::Status clp_status(Place place) {
  switch (place) {
    case Place::basic:
      return ClpSimplex::basic;
    case Place::lower:
      return ClpSimplex::atLowerBound;
    case Place::upper:
      return ClpSimplex::atUpperBound;
    case Place::between:
      return ClpSimplex::superBasic;
  }
  return ClpSimplex::basic;
}

Place place_of(ClpSimplex::Status status) {
  switch (status) {
    case ClpSimplex::basic:
      return Place::basic;
    case ClpSimplex::atUpperBound:
      return Place::upper;
    case ClpSimplex::isFree:
    case ClpSimplex::superBasic:
      return Place::between;
    default:
      return Place::lower;
  }
}

// The value a nonbasic variable starts at; Clp computes those of the basic ones.
double start_value(const Instance& p, const Basis& start, std::size_t j) {
  switch (start.variables[j]) {
    case Place::lower:
      return p.l[j];
    case Place::upper:
      return p.u[j];
    default:
      return std::clamp(0.0, p.l[j], std::max(p.l[j], p.u[j]));
  }
}

void set_start(ClpSimplex& model, const Instance& p, const Basis& start) {
  const auto m = static_cast<std::size_t>(p.m), n = static_cast<std::size_t>(p.n);
  if (start.rows.size() != m || start.variables.size() != n) {
    base::fail("lp::simplex", "the start has {} rows and {} variables, the program {} and {}; give one of its own size",
               start.rows.size(), start.variables.size(), m, n);
  }
  model.createStatus();
  for (std::size_t j = 0; j < n; ++j) {
    model.setColumnStatus(static_cast<int>(j), clp_status(start.variables[j]));
    model.primalColumnSolution()[j] = start_value(p, start, j);
  }
  for (std::size_t i = 0; i < m; ++i) model.setRowStatus(static_cast<int>(i), clp_status(start.rows[i]));
}

Outcome outcome_of(const ClpSimplex& model) {
  switch (model.status()) {
    case 0:
      return Outcome::optimal;
    case 1:
      return Outcome::infeasible;
    case 2:
      return Outcome::unbounded;
    default:
      return Outcome::failed;
  }
}

// Scaling inside Clp leaves nonbasic variables an ulp from their bounds.
void snap_to_bounds(SimplexResult& result, const Instance& p) {
  for (std::size_t j = 0; j < result.x.size(); ++j) {
    if (result.basis.variables[j] == Place::lower && std::isfinite(p.l[j])) result.x[j] = p.l[j];
    if (result.basis.variables[j] == Place::upper && std::isfinite(p.u[j])) result.x[j] = p.u[j];
  }
}

SimplexResult result_of(const ClpSimplex& model, const Instance& p) {
  SimplexResult result{.outcome = outcome_of(model), .iterations = model.numberIterations()};
  result.x.assign(model.primalColumnSolution(), model.primalColumnSolution() + p.n);
  result.y.assign(model.dualRowSolution(), model.dualRowSolution() + p.m);
  result.reduced_cost.assign(model.dualColumnSolution(), model.dualColumnSolution() + p.n);
  for (int j = 0; j < p.n; ++j) result.basis.variables.push_back(place_of(model.getColumnStatus(j)));
  for (int i = 0; i < p.m; ++i) result.basis.rows.push_back(place_of(model.getRowStatus(i)));
  if (result.outcome == Outcome::optimal) snap_to_bounds(result, p);
  result.objective = objective(p, result.x);
  return result;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::optimal:
      return "optimal";
    case Outcome::infeasible:
      return "infeasible";
    case Outcome::unbounded:
      return "unbounded";
    case Outcome::failed:
      return "failed";
  }
  return "failed";
}

SimplexResult simplex(const Instance& instance, const SimplexOptions& options) {
  validate(instance);
  ClpSimplex model;
  load(model, instance, options);
  if (options.start) set_start(model, instance, *options.start);
  if (options.method == SimplexOptions::Method::dual) {
    model.dual();
  } else {
    model.primal();
  }
  return result_of(model, instance);
}

}  // namespace fathom::lp
