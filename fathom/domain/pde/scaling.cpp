#include "fathom/domain/pde/scaling.h"

#include <cmath>
#include <numbers>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include "fathom/base/error.h"

namespace fathom::pde {

namespace {

double root_mean_square(const Tensor& fields, const char* name) {
  const double value = std::sqrt(fields.to(at::kDouble).square().mean().item<double>());
  base::require(value > 0 && std::isfinite(value), "pde::scaling_of", fmt::format("root mean square of the {}", name),
                value, "> 0", "flows at rest teach nothing");
  return value;
}

// 2 pi i / n along `axis` of a (N, 1, H, W) field.
Tensor coordinate(const Tensor& forcing, std::int64_t axis) {
  const std::int64_t n = forcing.size(axis);
  const Tensor at = at::arange(n, forcing.options()) * (2 * std::numbers::pi / static_cast<double>(n));
  std::vector<std::int64_t> shape(4, 1);
  shape[static_cast<std::size_t>(axis)] = n;
  return at.view(shape).expand({forcing.size(0), 1, forcing.size(2), forcing.size(3)});
}

}  // namespace

Scaling scaling_of(const FlowSet& set) {
  return {root_mean_square(set.forcing, "forcing"), root_mean_square(set.vorticity, "vorticity")};
}

Tensor network_input(const Tensor& forcing, const Scaling& scaling, bool coordinates) {
  const Tensor scaled = forcing / scaling.forcing;
  if (!coordinates) return scaled;
  return at::cat({scaled, coordinate(forcing, 2), coordinate(forcing, 3)}, 1);
}

}  // namespace fathom::pde
