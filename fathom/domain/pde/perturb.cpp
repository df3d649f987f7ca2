#include "fathom/domain/pde/perturb.h"

#include <cmath>
#include <numbers>
#include <set>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/fft_fft2.h>
#include <ATen/ops/fft_fftfreq.h>
#include <ATen/ops/fft_ifft2.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/real.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"

namespace fathom::pde {

namespace {

// sin(k (x_i + x_j)) of the points x.
Tensor wave_on(const Tensor& x, std::int64_t k) {
  return at::sin((x.unsqueeze(1) + x.unsqueeze(0)) * static_cast<double>(k));
}

// Plain vectors of one flow.
struct Change {
  std::vector<double> forcing, vorticity;  // (2, N, N), (N, N)
};

Change change_of(const Flow& flow, const double* vorticity, double viscosity, const std::vector<double>& dw) {
  const std::int64_t n = flow.grid();
  const auto modes = static_cast<std::size_t>(flow.modes());
  std::vector<double> w(modes), d(modes), curl(modes), before(modes);
  flow.analyse(vorticity, w.data());
  flow.analyse(dw.data(), d.data());
  // u.grad w is quadratic in w: half its difference between w + d and w - d is its derivative at w along d.
  for (std::size_t i = 0; i < modes; ++i) w[i] -= d[i];
  flow.convection(w.data(), before.data());
  for (std::size_t i = 0; i < modes; ++i) w[i] += 2 * d[i];
  flow.convection(w.data(), curl.data());
  for (std::size_t i = 0; i < modes; ++i) curl[i] = (curl[i] - before[i]) / 2;
  for (std::size_t i = 0; i < modes; ++i) curl[i] += viscosity * flow.minus_laplacian()[i] * d[i];
  // A force without divergence is to its curl what a velocity is to its vorticity.
  Flow::Velocity force;
  flow.velocity(curl.data(), force);
  Change change{std::vector<double>(static_cast<std::size_t>(2 * n * n)), dw};
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      change.forcing[static_cast<std::size_t>(i * n + j)] = force.u[static_cast<std::size_t>(j * n + i)];
      change.forcing[static_cast<std::size_t>((n + i) * n + j)] = force.v[static_cast<std::size_t>(j * n + i)];
    }
  }
  return change;
}

}  // namespace

std::vector<std::int64_t> waves_of(const std::vector<double>& shares, std::int64_t largest) {
  std::set<std::int64_t> waves;
  for (const double share : shares) {
    waves.insert(std::max<std::int64_t>(1, static_cast<std::int64_t>(share * static_cast<double>(largest))));
  }
  return {waves.begin(), waves.end()};
}

Perturbation perturb(const Flow& flow, const Tensor& vorticity, double viscosity, std::int64_t wave, double size) {
  const std::int64_t n = flow.grid(), count = vorticity.size(0);
  base::require(vorticity.dim() == 3 && vorticity.size(1) == n && vorticity.size(2) == n, "pde::perturb",
                "points along a side", vorticity.size(-1), fmt::format("= {}, those of the flow", n),
                "make the Flow of the data's grid");
  base::require(wave >= 1 && wave <= flow.waves(), "pde::perturb", "wave", wave,
                fmt::format("1 <= wave <= {}", flow.waves()), "the flow holds no others");
  const Tensor x = at::arange(n, at::kDouble) * (2 * std::numbers::pi / static_cast<double>(n));
  const Tensor unit = wave_on(x, wave);
  const std::vector<double> dw = tensor::to_doubles(unit * size / at::linalg_vector_norm(unit));
  const Tensor flows = vorticity.detach().to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> forcing, change;
  for (std::int64_t i = 0; i < count; ++i) {
    const Change one = change_of(flow, flows.data_ptr<double>() + i * n * n, viscosity, dw);
    forcing.insert(forcing.end(), one.forcing.begin(), one.forcing.end());
    change.insert(change.end(), one.vorticity.begin(), one.vorticity.end());
  }
  const auto like = [&](const Tensor& t) { return t.to(vorticity.device(), vorticity.scalar_type()); };
  return {like(tensor::from_doubles(forcing, {count, 2, n, n}, at::kDouble)),
          like(tensor::from_doubles(change, {count, n, n}, at::kDouble))};
}

Perturbation paper_perturb(const Tensor& vorticity, double viscosity, std::int64_t wave, double size) {
  const std::int64_t n = vorticity.size(1);
  const Tensor w = vorticity.to(at::kDouble);
  const Tensor unit = wave_on(at::linspace(0, 2 * std::numbers::pi, n, at::kDouble), wave).expand_as(w);
  const Tensor dw = unit * size / at::linalg_vector_norm(unit);
  const Tensor frequency = at::fft_fftfreq(n, 1.0 / static_cast<double>(n), at::kDouble);
  const Tensor kx = frequency.unsqueeze(1).expand({n, n}), ky = frequency.unsqueeze(0).expand({n, n});
  const Tensor laplacian = -(kx.square() + ky.square());
  const Tensor inverse = at::where(laplacian.eq(0), at::zeros_like(laplacian), 1 / laplacian);
  const auto times_i = [](const Tensor& k) { return at::complex(at::zeros_like(k), k.contiguous()); };
  const auto filtered = [](const Tensor& field, const Tensor& symbol) {
    return at::real(at::fft_ifft2(at::fft_fft2(field) * symbol));
  };
  const Tensor d_x = times_i(kx), d_y = times_i(ky);
  const auto u = [&](const Tensor& of) { return filtered(of, d_y * inverse); };
  const auto v = [&](const Tensor& of) { return -filtered(of, d_x * inverse); };
  const Tensor curl = u(w) * filtered(dw, d_x) + v(w) * filtered(dw, d_y) + u(dw) * filtered(w, d_x) +
                      v(dw) * filtered(w, d_y) - viscosity * filtered(dw, laplacian);
  const Tensor inverse_x = at::where(kx.eq(0), at::zeros_like(kx), -1 / kx);  // 1 / (i k) = -i / k
  const Tensor f2 = filtered(curl, times_i(inverse_x));
  return {at::stack({at::zeros_like(f2), f2}, 1).to(vorticity.scalar_type()), dw.to(vorticity.scalar_type())};
}

}  // namespace fathom::pde
