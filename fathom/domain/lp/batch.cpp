#include "fathom/domain/lp/batch.h"

#include <cmath>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"

namespace fathom::lp {

namespace {

void require_equal_sizes(std::span<const Instance> instances) {
  if (instances.empty()) base::fail("lp::make_batch", "no linear program was given; a batch needs at least one");
  for (const Instance& instance : instances) {
    if (instance.m != instances[0].m || instance.n != instances[0].n) {
      base::fail("lp::make_batch", "programs of {} x {} and {} x {} in one batch; batch those of equal size",
                 instances[0].m, instances[0].n, instance.m, instance.n);
    }
  }
}

double finite_or_zero(double bound) { return std::isfinite(bound) ? bound : 0.0; }

void append_variables(const Instance& instance, bool flags, std::vector<double>& features) {
  for (std::int64_t j = 0; j < instance.n; ++j) {
    const double l = instance.l[j], u = instance.u[j];
    if (!flags && !(std::isfinite(l) && std::isfinite(u))) {
      base::fail("lp::make_batch", "variable {} has bounds [{}, {}]; infinite bounds need a model with bound flags", j,
                 l, u);
    }
    features.insert(features.end(), {instance.c[j], finite_or_zero(l), finite_or_zero(u)});
    if (flags) features.insert(features.end(), {std::isinf(l) ? 1.0 : 0.0, std::isinf(u) ? 1.0 : 0.0});
  }
}

tensor::Graph block_diagonal(std::span<const Instance> instances, at::ScalarType dtype) {
  std::vector<std::int64_t> row, column;
  std::vector<double> value;
  std::int64_t rows = 0, columns = 0;
  for (const Instance& instance : instances) {
    for (std::size_t e = 0; e < instance.value.size(); ++e) {
      row.push_back(rows + instance.row[e]);
      column.push_back(columns + instance.column[e]);
      value.push_back(instance.value[e]);
    }
    rows += instance.m;
    columns += instance.n;
  }
  const auto edges = static_cast<std::int64_t>(value.size());
  return tensor::Graph::from_edges(rows, columns, tensor::from_int64s(row, {edges}),
                                   tensor::from_int64s(column, {edges}), tensor::from_doubles(value, {edges}, dtype));
}

}  // namespace

Batch make_batch(std::span<const Instance> instances, std::span<const std::vector<double>> solutions,
                 const BatchOptions& options) {
  require_equal_sizes(instances);
  if (!solutions.empty() && solutions.size() != instances.size()) {
    base::fail("lp::make_batch", "{} solutions for {} programs; give one each, or none", solutions.size(),
               instances.size());
  }
  std::vector<double> constraints, variables, labels;
  for (const Instance& instance : instances) {
    for (std::int64_t i = 0; i < instance.m; ++i)
      constraints.insert(constraints.end(), {instance.b[i], instance.equality[i] ? 1.0 : 0.0});
    append_variables(instance, options.bound_flags, variables);
  }
  for (const std::vector<double>& x : solutions) labels.insert(labels.end(), x.begin(), x.end());
  const auto programs = static_cast<std::int64_t>(instances.size());
  const std::int64_t m = programs * instances[0].m, n = programs * instances[0].n;
  return {.programs = programs,
          .graph = block_diagonal(instances, options.dtype),
          .constraints = tensor::from_doubles(constraints, {m, 2}, options.dtype),
          .variables = tensor::from_doubles(variables, {n, options.bound_flags ? 5 : 3}, options.dtype),
          .labels = solutions.empty() ? Tensor() : tensor::from_doubles(labels, {n, 1}, options.dtype)};
}

Batch to_device(const Batch& batch, c10::Device device) {
  Batch moved = batch;
  moved.graph = batch.graph.to(device);
  moved.constraints = batch.constraints.to(device);
  moved.variables = batch.variables.to(device);
  if (batch.labels.defined()) moved.labels = batch.labels.to(device);
  return moved;
}

}  // namespace fathom::lp
