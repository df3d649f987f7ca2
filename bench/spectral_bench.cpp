// The spectral convolution: the kernel against the machine's peak of multiplications and additions, and the operation
// against the same by torch.fft. Arguments: height = width, channels, modes, samples.
#include <functional>
#include <vector>

#include <ATen/ops/complex.h>
#include <ATen/ops/view_as_real.h>

#include <benchmark/benchmark.h>

#include "bench/row.h"
#include "fathom/base/seed.h"
#include "fathom/kernel/spectral.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/spectral_op.h"

namespace fathom::tensor {
namespace {

Tensor normals(std::vector<std::int64_t> shape, std::uint64_t seed) {
  base::Random random(seed);
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  std::vector<double> values(count);
  for (double& value : values) value = random.normal();
  return from_doubles(values, shape, at::kFloat);
}

struct Layer {
  std::int64_t size, channels, modes, samples;
  Tensor x, g, w1, w2;

  explicit Layer(const benchmark::State& state)
      : size(state.range(0)), channels(state.range(1)), modes(state.range(2)), samples(state.range(3)) {
    x = normals({samples, channels, size, size}, 1);
    g = normals({samples, channels, size, size}, 2);
    const std::vector<std::int64_t> shape{channels, channels, modes, modes};
    w1 = at::complex(normals(shape, 3), normals(shape, 4));
    w2 = at::complex(normals(shape, 5), normals(shape, 6));
  }
  kernel::SpectralShape shape() const { return {channels, channels, size, size, modes, modes}; }
};

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({128, 32, 12, 16})->Args({128, 32, 12, 1})->Args({64, 32, 12, 16})->Args({64, 16, 8, 16});
  benchmark->Args({64, 16, 32, 4})->Args({128, 16, 32, 4})->Args({128, 16, 64, 4});
  benchmark->Args({256, 8, 32, 2})->Args({256, 8, 64, 2})->Args({256, 8, 128, 2});
  benchmark->Args({512, 4, 64, 1})->Args({512, 4, 96, 1})->Args({512, 4, 128, 1})->Args({512, 4, 256, 1});
  benchmark->Args({1024, 2, 64, 1})->Args({1024, 2, 96, 1})->Args({1024, 2, 128, 1});
  benchmark->ArgNames({"size", "channels", "modes", "samples"})->Unit(benchmark::kMillisecond);
}

using Run = std::function<void()>;

void compare(benchmark::State& state, const Run& ours, const Run& libtorch, double at_least) {
  std::vector<double> our_seconds, their_seconds;
  libtorch();
  for (auto _ : state) {
    our_seconds.push_back(bench::seconds_of(ours));
    their_seconds.push_back(bench::seconds_of(libtorch));
  }
  bench::report_times_faster(state, {.ours = bench::median(our_seconds), .libtorch = bench::median(their_seconds)},
                             at_least);
}

void spectral_kernel(benchmark::State& state) {
  const Layer at(state);
  const Tensor w1 = at::view_as_real(at.w1).contiguous(), w2 = at::view_as_real(at.w2).contiguous();
  const kernel::SpectralConv<float> conv(at.shape(), w1.data_ptr<float>(), w2.data_ptr<float>());
  const Tensor y = at.g.clone();
  for (auto _ : state) conv.forward(at.samples, at.x.data_ptr<float>(), y.data_ptr<float>());
  const double flops = conv.flops() * static_cast<double>(at.samples);
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(spectral_kernel)->Apply(sizes);

void spectral_forward(benchmark::State& state) {
  const Layer at(state);
  compare(
      state, [&] { benchmark::DoNotOptimize(spectral_conv2d(at.x, at.w1, at.w2)); },
      [&] { benchmark::DoNotOptimize(spectral_conv2d_fft(at.x, at.w1, at.w2)); },
      at.size == 128 && at.samples > 1 ? 6 : 0);
}
BENCHMARK(spectral_forward)->Apply(sizes)->Iterations(7);

void spectral_forward_backward(benchmark::State& state) {
  Layer at(state);
  const std::vector<Tensor> leaves{at.x.requires_grad_(true), at.w1.requires_grad_(true), at.w2.requires_grad_(true)};
  compare(
      state, [&] { benchmark::DoNotOptimize(vjp({spectral_conv2d(at.x, at.w1, at.w2)}, leaves, {at.g})); },
      [&] { benchmark::DoNotOptimize(vjp({spectral_conv2d_fft(at.x, at.w1, at.w2)}, leaves, {at.g})); },
      at.size == 128 && at.samples > 1 ? 4 : 0);
}
BENCHMARK(spectral_forward_backward)->Apply(sizes)->Iterations(7);

}  // namespace
}  // namespace fathom::tensor
