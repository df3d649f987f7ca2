#include "fathom/domain/imaging/classical.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/fft_fftfreq.h>
#include <ATen/ops/fft_irfft2.h>
#include <ATen/ops/fft_rfft2.h>
#include <ATen/ops/fft_rfftfreq.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/measure/metrics.h"
#include "fathom/tensor/convert.h"

namespace fathom::imaging {

namespace {

constexpr const char* kPlace = "imaging::classical";
constexpr double kSquaredNorm = 8;  // of D

void require_positive(const char* name, double value) {
  base::require(value > 0 && std::isfinite(value), kPlace, name, value, "> 0 and finite",
                "it weighs the data against what images look like");
}

// |f|^2 on the half spectrum.
Tensor squared_frequency(const Blur& blur) {
  const at::TensorOptions options = blur.squared_gain().options();
  return at::fft_fftfreq(blur.height(), 1.0, options).square().unsqueeze(1) +
         at::fft_rfftfreq(blur.width(), 1.0, options).square();
}

// Lengths over channels and both directions, (N, 1, 1, H, W).
Tensor lengths(const Tensor& p) { return p.square().sum({1, 2}, true).sqrt(); }

Tensor one_step(const Tensor& x, std::int64_t dim) { return x.roll({-1}, {dim}) - x; }
Tensor one_step_back(const Tensor& p, std::int64_t dim) { return p.roll({1}, {dim}) - p; }

}  // namespace

Tensor tikhonov(const Blur& blur, const Tensor& y, double gamma) {
  require_positive("gamma", gamma);
  return blur.proximal(at::zeros_like(y), blur.adjoint(y), gamma);
}

Tensor gradient_tikhonov(const Blur& blur, const Tensor& y, double c) {
  require_positive("c", c);
  const Tensor filter = blur.squared_gain() + c * squared_frequency(blur);
  return at::fft_irfft2(at::fft_rfft2(blur.adjoint(y)) / filter,
                        std::vector<std::int64_t>{blur.height(), blur.width()});
}

Tensor differences(const Tensor& x) { return at::stack({one_step(x, 2), one_step(x, 3)}, 2); }

Tensor differences_adjoint(const Tensor& p) {
  return one_step_back(p.select(2, 0), 2) + one_step_back(p.select(2, 1), 3);
}

State total_variation_start(const Tensor& x) { return State({x, at::zeros_like(differences(x))}); }

Map total_variation_map(const Blur& blur, const Tensor& y, double weight, double tau) {
  require_positive("weight", weight);
  require_positive("tau", tau);
  const double s = 1 / (kSquaredNorm * tau);
  return Map([blur, weight, tau, s, adjoint_y = blur.adjoint(y)](const State& state, const Rows& rows) {
    const Tensor &x = state[0], &p = state[1];
    const Tensor next = blur.proximal(x - tau * differences_adjoint(p), rows.of(adjoint_y), tau);
    const Tensor q = p + s * differences(2 * next - x);
    return State({next, q / (lengths(q) / weight).clamp_min(1)});
  });
}

std::vector<double> total_variation_energy(const Blur& blur, const Tensor& y, const Tensor& x, double weight) {
  const Tensor variation = lengths(differences(x.to(at::kDouble))).sum({1, 2, 3, 4});
  return tensor::to_doubles(blur.fidelity(x, y).to(at::kDouble) + weight * variation);
}

double tikhonov_gamma(double sigma) { return 15 * std::pow(0.03 / sigma, 2); }
double gradient_tikhonov_c(double sigma) { return 3 * std::pow(sigma / 0.03, 2); }
double total_variation_weight(double sigma) { return 0.005 * std::pow(sigma / 0.03, 4.0 / 3); }

double noise_of(const Tensor& y) {
  if (y.dim() < 2 || y.size(-2) < 3 || y.size(-1) < 3)
    base::fail("imaging::noise_of", "image's shape = ({}) violates at least 3 x 3; its second differences are measured",
               fmt::join(y.sizes(), ", "));
  const auto second = [](const Tensor& x, std::int64_t dim) {
    const std::int64_t inner = x.size(dim) - 2;
    return x.narrow(dim, 0, inner) - 2 * x.narrow(dim, 1, inner) + x.narrow(dim, 2, inner);
  };
  const double mean = second(second(y.to(at::kDouble), -2), -1).abs().mean().item<double>();
  return std::sqrt(std::numbers::pi / 2) / 6 * mean;
}

BestParameter best_parameter(Restoration method, const Blur& blur, const Tensor& y, const Tensor& x,
                             const std::vector<double>& parameters) {
  base::require(!parameters.empty(), kPlace, "parameters", parameters.size(), ">= 1", "give some to choose from");
  BestParameter best{0, -1e300};
  for (const double parameter : parameters) {
    const std::vector<double> psnr = measure::psnr(method(blur, y, parameter), x, 1);
    const double mean = std::accumulate(psnr.begin(), psnr.end(), 0.0) / static_cast<double>(psnr.size());
    if (mean > best.psnr) best = {parameter, mean};
  }
  return best;
}

}  // namespace fathom::imaging
