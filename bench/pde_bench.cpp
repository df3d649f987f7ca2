// The block of an implicit Fourier network at the study's sizes: the packed map against the same by libtorch's
// operations, whose spectral convolutions are the kernel's already. Arguments: height = width, channels, modes,
// samples.
#include <numeric>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>

#include <benchmark/benchmark.h>

#include "bench/row.h"
#include "fathom/domain/pde/model.h"

namespace fathom::pde {
namespace {

void fourier_block(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const std::int64_t size = state.range(0), samples = state.range(3);
  const auto model = make_model({.width = state.range(1), .modes = state.range(2)}, 1);
  const Map map = model->map(model->lift(at::randn({samples, 2, size, size})));
  const Tensor z = at::randn({samples, state.range(1), size, size}), g = at::empty_like(z);
  std::vector<std::int64_t> all(static_cast<std::size_t>(samples));
  std::iota(all.begin(), all.end(), 0);
  std::vector<double> ours, theirs;
  map(z);
  for (auto _ : state) {
    ours.push_back(
        bench::seconds_of([&] { map.packed<float>()->evaluate(all, z.data_ptr<float>(), g.data_ptr<float>()); }));
    theirs.push_back(bench::seconds_of([&] { benchmark::DoNotOptimize(map(z)); }));
  }
  bench::report_times_faster(state, {.ours = bench::median(ours), .libtorch = bench::median(theirs)});
}
BENCHMARK(fourier_block)
    ->Args({64, 12, 8, 16})
    ->Args({64, 20, 10, 16})
    ->Args({128, 32, 12, 4})
    ->ArgNames({"size", "channels", "modes", "samples"})
    ->Iterations(9)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::pde
