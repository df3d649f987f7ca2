#include "fathom/domain/imaging/blur.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/fft_irfft2.h>
#include <ATen/ops/fft_rfft2.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/real.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::imaging {

namespace {

at::ScalarType complex_of(at::ScalarType real) { return real == at::kDouble ? at::kComplexDouble : at::kComplexFloat; }

void check_kernel(const Tensor& kernel, std::int64_t height, std::int64_t width) {
  constexpr const char* kPlace = "imaging::Blur";
  if (height < 1 || width < 1)
    base::fail(kPlace, "image = {} x {} violates >= 1 x 1; the size of the images to blur", height, width);
  if (kernel.dim() != 2 || kernel.numel() == 0) {
    base::fail(kPlace, "kernel's shape = ({}) violates == (h, w); a matrix of at least one number",
               fmt::join(kernel.sizes(), ", "));
  }
  if (kernel.size(0) > height || kernel.size(1) > width) {
    base::fail(kPlace, "kernel = {} x {} violates <= {} x {}; it must fit into the image", kernel.size(0),
               kernel.size(1), height, width);
  }
  if (!at::isfinite(kernel).all().item<bool>())
    base::fail(kPlace, "kernel holds NaN or infinity, which violates finite; a blur of finite weights");
}

// Signed frequency of index k of n in cycles per point.
double cycles(std::int64_t k, std::int64_t n) {
  return static_cast<double>(k <= (n - 1) / 2 ? k : k - n) * (1.0 / static_cast<double>(n));
}

}  // namespace

Blur::Blur(const Tensor& kernel, std::int64_t height, std::int64_t width, at::ScalarType dtype, c10::Device device)
    : height_(height), width_(width) {
  check_kernel(kernel, height, width);
  if (dtype != at::kFloat && dtype != at::kDouble) {
    base::fail("imaging::Blur", "dtype = {} violates float32 or float64; transforms need one of them",
               c10::toString(dtype));
  }
  const Tensor image = at::zeros({height, width}, at::kDouble);
  image.narrow(0, 0, kernel.size(0)).narrow(1, 0, kernel.size(1)).copy_(kernel);
  const Tensor spectrum = at::fft_rfft2(image.roll({-((kernel.size(0) - 1) / 2), -((kernel.size(1) - 1) / 2)}, {0, 1}));
  transfer_ = spectrum.to(device, complex_of(dtype));
  transfer_conj_ = transfer_.conj().resolve_conj();
  squared_gain_ = at::abs(spectrum).square().to(device, dtype);
}

Tensor Blur::transformed(const Tensor& x) const {
  if (x.dim() < 2 || x.size(-2) != height_ || x.size(-1) != width_ || x.scalar_type() != squared_gain_.scalar_type()) {
    base::fail("imaging::Blur", "image = {} ({}) violates == {} (..., {}, {}); the blur was planned for these",
               c10::toString(x.scalar_type()), fmt::join(x.sizes(), ", "), c10::toString(squared_gain_.scalar_type()),
               height_, width_);
  }
  return at::fft_rfft2(x);
}

Tensor Blur::restored(const Tensor& spectrum) const {
  return at::fft_irfft2(spectrum, std::vector<std::int64_t>{height_, width_});
}

Tensor Blur::filtered(const Tensor& x, const Tensor& spectrum) const { return restored(transformed(x) * spectrum); }

Tensor Blur::apply(const Tensor& x) const { return filtered(x, transfer_conj_); }
Tensor Blur::adjoint(const Tensor& y) const { return filtered(y, transfer_); }
Tensor Blur::normal(const Tensor& x) const { return filtered(x, squared_gain_); }

Tensor Blur::pseudo_inverse(const Tensor& y, double cut) const {
  const Tensor kept = squared_gain_ > cut * cut;
  return filtered(y, at::where(kept, transfer_ / squared_gain_, at::zeros_like(transfer_)));
}

Tensor Blur::proximal(const Tensor& z, const Tensor& adjoint_y, double gamma) const {
  if (!(gamma > 0)) base::fail("imaging::Blur::proximal", "gamma = {} violates > 0; the proximal map's step", gamma);
  const double beta = 1 / gamma;
  return restored(transformed(adjoint_y + beta * z) / (squared_gain_ + beta));
}

Tensor Blur::proximal(const Tensor& z, const Tensor& adjoint_y, const Tensor& gamma) const {
  const Tensor beta = gamma.reciprocal();
  return restored(transformed(adjoint_y + beta * z) / (squared_gain_ + beta));
}

Tensor Blur::fidelity(const Tensor& x, const Tensor& y) const {
  return 0.5 * (apply(x) - y).square().flatten(1).sum({1});
}

Tensor Blur::singular_values() const { return squared_gain_.sqrt(); }

double Blur::norm() const { return std::sqrt(squared_gain_.max().item<double>()); }

FrequencyIndex frequency_at(std::int64_t height, std::int64_t width, double share) {
  if (!(share >= 0 && share <= 1))
    base::fail("imaging::frequency_at", "share = {} violates 0 <= share <= 1; a place in the order", share);
  const std::int64_t columns = width / 2 + 1, n = height * columns;
  std::vector<double> squared(static_cast<std::size_t>(n));
  for (std::int64_t k = 0; k < n; ++k) {
    const double u = cycles(k / columns, height),
                 v = static_cast<double>(k % columns) * (1.0 / static_cast<double>(width));
    squared[static_cast<std::size_t>(k)] = u * u + v * v;
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return squared[static_cast<std::size_t>(a)] < squared[static_cast<std::size_t>(b)];
  });
  const std::int64_t chosen = order[static_cast<std::size_t>(static_cast<double>(n - 1) * share)];
  return {chosen / columns, chosen % columns};
}

Tensor singular_vector(std::int64_t height, std::int64_t width, FrequencyIndex at, std::int64_t channels,
                       at::ScalarType dtype) {
  const Tensor one = at::zeros({height, width / 2 + 1}, complex_of(dtype));
  one.select(0, at.u).select(0, at.v).fill_(1);
  const Tensor wave = at::fft_irfft2(one, std::vector<std::int64_t>{height, width}, {-2, -1}, "ortho");
  return wave.expand({1, channels, height, width}).contiguous();
}

}  // namespace fathom::imaging
