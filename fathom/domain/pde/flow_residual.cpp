#include "fathom/domain/pde/flow_residual.h"

#include <cmath>
#include <numeric>

#include "fathom/base/error.h"

namespace fathom::pde {

namespace {

double length(const std::vector<double>& v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

}  // namespace

std::vector<double> flow_residual(const Flow& flow, const Tensor& forcing, const Tensor& vorticity, double viscosity) {
  const std::int64_t n = flow.grid(), count = vorticity.size(0);
  base::require(vorticity.size(1) == n && vorticity.size(2) == n && forcing.size(2) == n && forcing.size(3) == n,
                "pde::flow_residual", "points along a side", vorticity.size(1), fmt::format("= {}, the flow's", n),
                "make the Flow of the data's grid");
  const Tensor f = forcing.detach().to(at::kCPU, at::kDouble).contiguous();
  const Tensor w = vorticity.detach().to(at::kCPU, at::kDouble).contiguous();
  const auto modes = static_cast<std::size_t>(flow.modes());
  std::vector<double> curl(modes), of_w(modes), residual(modes), values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double* force = f.data_ptr<double>() + i * 2 * n * n;
    flow.curl(force, force + n * n, curl.data());
    flow.analyse(w.data_ptr<double>() + i * n * n, of_w.data());
    flow.residual(of_w.data(), curl.data(), viscosity, residual.data());
    values.push_back(length(residual) / length(curl));
  }
  return values;
}

}  // namespace fathom::pde
