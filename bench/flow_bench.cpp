// The convection of a flow by products with truncated waves, against the same by libtorch's transforms.
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/fft_fftfreq.h>
#include <ATen/ops/fft_irfft2.h>
#include <ATen/ops/fft_rfft2.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <benchmark/benchmark.h>

#include "bench/row.h"
#include "fathom/domain/pde/flow.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {
namespace {

// u.grad w of w given by rfft2, by two fields out and two back as Flow does it (flow.h).
class ByTransforms {
 public:
  explicit ByTransforms(std::int64_t n) : n_(n) {
    const auto axis = [&](std::int64_t count) {
      return at::fft_fftfreq(n, 1.0 / static_cast<double>(n), at::kDouble).narrow(0, 0, count);
    };
    const std::int64_t half = n / 2 + 1;
    const Tensor kx = axis(n).unsqueeze(1).expand({n, half}), ky = axis(half).abs().unsqueeze(0).expand({n, half});
    const Tensor square = kx.square() + ky.square();
    const Tensor band = (kx.abs() * 3 < n).logical_and(ky * 3 < n).to(at::kDouble);
    const Tensor inverse = at::where(square > 0, band / square, at::zeros_like(square));
    velocity_ = at::stack({times_i(ky * inverse), times_i(-kx * inverse)});
    from_product_ = -(kx.square() - ky.square()) * band;
    from_difference_ = -kx * ky * band;
  }

  Tensor operator()(const Tensor& w) const {
    const Tensor uv = at::fft_irfft2(velocity_ * w, at::IntArrayRef({n_, n_}));
    const Tensor &u = uv[0], &v = uv[1];
    const Tensor products = at::fft_rfft2(at::stack({u * v, v * v - u * u}));
    return from_product_ * products[0] + from_difference_ * products[1];
  }

 private:
  static Tensor times_i(const Tensor& k) { return at::complex(at::zeros_like(k), k.contiguous()); }

  std::int64_t n_;
  Tensor velocity_, from_product_, from_difference_;
};

void convection(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const std::int64_t n = state.range(0);
  const Flow flow(n);
  const Tensor field = at::randn({n, n}, at::kDouble), spectrum = at::fft_rfft2(field);
  std::vector<double> w(flow.modes()), to(flow.modes());
  flow.analyse(field.data_ptr<double>(), w.data());
  const ByTransforms by_transforms(n);
  std::vector<double> ours, theirs;
  benchmark::DoNotOptimize(by_transforms(spectrum));
  for (auto _ : state) {
    ours.push_back(bench::seconds_of([&] { flow.convection(w.data(), to.data()); }));
    theirs.push_back(bench::seconds_of([&] { benchmark::DoNotOptimize(by_transforms(spectrum)); }));
  }
  bench::report_times_faster(state, {.ours = bench::median(ours), .libtorch = bench::median(theirs)}, 0);
}
BENCHMARK(convection)
    ->Arg(32)
    ->Arg(64)
    ->Arg(128)
    ->Arg(256)
    ->ArgName("grid")
    ->Iterations(200)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom::pde
