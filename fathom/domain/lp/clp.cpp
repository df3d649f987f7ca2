#include "fathom/domain/lp/clp.h"

#include <limits>

#include <ClpSimplex.hpp>
#include <CoinPackedMatrix.hpp>

namespace fathom::lp {

namespace {

CoinPackedMatrix matrix_of(const Instance& instance) {
  std::vector<int> row(instance.row.begin(), instance.row.end()), column(instance.column.begin(), instance.column.end());
  CoinPackedMatrix matrix(/*colordered=*/true, row.data(), column.data(), instance.value.data(), static_cast<CoinBigIndex>(instance.value.size()));
  matrix.setDimensions(static_cast<int>(instance.m), static_cast<int>(instance.n));
  return matrix;
}

void load(const Instance& instance, ClpSimplex& model) {
  std::vector<double> row_lower(instance.b.size());
  for (std::size_t i = 0; i < row_lower.size(); ++i) {
    row_lower[i] = instance.equality[i] ? instance.b[i] : -std::numeric_limits<double>::max();
  }
  model.setLogLevel(0);
  model.loadProblem(matrix_of(instance), instance.l.data(), instance.u.data(), instance.c.data(), row_lower.data(), instance.b.data());
  model.setPrimalTolerance(1e-9);
  model.setDualTolerance(1e-9);
}

void set_basis(ClpSimplex& model, const Basis& basis) {
  model.createStatus();
  const int columns = model.numberColumns();
  for (int j = 0; j < columns; ++j) model.setColumnStatus(j, static_cast<ClpSimplex::Status>(basis[j]));
  for (int i = 0; i < model.numberRows(); ++i) model.setRowStatus(i, static_cast<ClpSimplex::Status>(basis[columns + i]));
}

Basis basis_of(const ClpSimplex& model) {
  Basis basis;
  for (int j = 0; j < model.numberColumns(); ++j) basis.push_back(static_cast<unsigned char>(model.getColumnStatus(j)));
  for (int i = 0; i < model.numberRows(); ++i) basis.push_back(static_cast<unsigned char>(model.getRowStatus(i)));
  return basis;
}

ClpStatus status_of(const ClpSimplex& model) {
  switch (model.status()) {
    case 0: return ClpStatus::optimal;
    case 1: return ClpStatus::infeasible;
    case 2: return ClpStatus::unbounded;
    default: return ClpStatus::stopped;
  }
}

}  // namespace

ClpResult solve_clp(const Instance& instance, const std::optional<Basis>& start) {
  ClpSimplex model;
  load(instance, model);
  if (start) {
    set_basis(model, *start);
    model.primal(1);
  } else {
    model.dual();
  }
  ClpResult result{.status = status_of(model), .iterations = model.numberIterations(), .objective = model.objectiveValue()};
  if (result.status != ClpStatus::optimal) return result;
  const int n = model.numberColumns(), m = model.numberRows();
  result.x.assign(model.primalColumnSolution(), model.primalColumnSolution() + n);
  result.activity.assign(model.primalRowSolution(), model.primalRowSolution() + m);
  result.dual.assign(model.dualRowSolution(), model.dualRowSolution() + m);
  result.reduced_cost.assign(model.dualColumnSolution(), model.dualColumnSolution() + n);
  result.basis = basis_of(model);
  return result;
}

}  // namespace fathom::lp
