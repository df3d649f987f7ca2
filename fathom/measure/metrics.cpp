#include "fathom/measure/metrics.h"

#include <cmath>

#include <ATen/TensorOperators.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"
#include "fathom/solve/krylov_basis.h"

namespace fathom::measure {

namespace {

void require_same_shape(const Tensor& a, const Tensor& b, const char* place) {
  if (a.dim() < 1 || a.sizes() != b.sizes()) {
    base::fail(
        place,
        "shapes = {} and {} violate one shape (B, ...); compare a prediction with the target of the same samples",
        fmt::streamed(a.sizes()), fmt::streamed(b.sizes()));
  }
}

std::vector<double> distances(const Tensor& a, const Tensor& b) {
  return solve::row_norms(a.detach().to(at::kDouble) - b.detach().to(at::kDouble));
}

}  // namespace

std::vector<double> rel_l2(const Tensor& a, const Tensor& b, double offset) {
  require_same_shape(a, b, "measure::rel_l2");
  std::vector<double> rows = distances(a, b);
  const std::vector<double> sizes = solve::row_norms(b.to(at::kDouble));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row] != 0) rows[row] /= sizes[row] + offset;
  }
  return rows;
}

std::vector<double> mse(const Tensor& a, const Tensor& b) {
  require_same_shape(a, b, "measure::mse");
  std::vector<double> rows = distances(a, b);
  const double elements = static_cast<double>(a.numel()) / static_cast<double>(rows.size());
  for (double& row : rows) row = row * row / elements;
  return rows;
}

std::vector<double> psnr(const Tensor& a, const Tensor& b, double range) {
  base::require(range > 0, "measure::psnr", "range", range, "> 0", "it is the span of the data: 1, 255, ...");
  std::vector<double> rows = mse(a, b);
  for (double& row : rows) row = 10 * std::log10(range * range / row);
  return rows;
}

}  // namespace fathom::measure
