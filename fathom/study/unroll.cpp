#include "fathom/study/unroll.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"

namespace fathom::study {

namespace {

std::vector<double> row_norms(const Tensor& matrix) {
  return tensor::to_doubles(at::linalg_vector_norm(matrix.to(at::kDouble), 2, at::IntArrayRef{1}));
}

}  // namespace

void add_point(base::Curve& curve, double t, const std::vector<double>& values) {
  double sum = 0, greatest = -std::numeric_limits<double>::infinity();
  std::int64_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    greatest = std::max(greatest, value);
    ++count;
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double mean = count > 0 ? sum / static_cast<double>(count) : nan;
  double square = 0;
  for (const double value : values) square += std::isfinite(value) ? (value - mean) * (value - mean) : 0;
  curve.t.push_back(t);
  curve.mean.push_back(mean);
  curve.std.push_back(count > 1 ? std::sqrt(square / static_cast<double>(count - 1)) : (count == 1 ? 0 : nan));
  curve.max.push_back(count > 0 ? greatest : nan);
}

Probe relative_residual() {
  return {"residual", "all", [](std::int64_t, const State& y, const State& next) {
            const std::vector<double> difference = row_norms(next.flat() - y.flat()), size = row_norms(next.flat());
            std::vector<double> relative(size.size());
            for (std::size_t b = 0; b < size.size(); ++b) relative[b] = size[b] > 0 ? difference[b] / size[b] : difference[b];
            return relative;
          }};
}

std::vector<base::Curve> unroll(const Map& map, const State& y0, std::int64_t iterations, const std::string& model, const std::vector<Probe>& probes) {
  if (iterations < 0) base::fail("study::unroll", "iterations = {} violates >= 0; ask for at least the start", iterations);
  at::NoGradGuard no_grad;
  std::vector<base::Curve> curves;
  for (const Probe& probe : probes) curves.push_back({model, probe.quantity, probe.group, {}, {}, {}, {}});
  State y = y0;
  for (std::int64_t t = 0; t <= iterations; ++t) {
    const State next = map(y);
    for (std::size_t i = 0; i < probes.size(); ++i) add_point(curves[i], static_cast<double>(t), probes[i].measure(t, y, next));
    y = next;
  }
  return curves;
}

}  // namespace fathom::study
