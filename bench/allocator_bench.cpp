// What an elementwise operation on large tensors costs with libtorch's allocator and with the caching one: y = a + b of
// 64 MB each, whose result is a new tensor every time. Counter gb_s: bytes read and written per second; `out` writes
// into a tensor that is there already, the limit that the memory sets.
#include <ATen/ATen.h>

#include <benchmark/benchmark.h>

#include "fathom/tensor/caching_allocator.h"
#include "fathom/tensor/tensor.h"

namespace fathom::tensor {
namespace {

constexpr std::int64_t kElements = 16 << 20;

template <class Operation>
void add(benchmark::State& state, Operation operation) {
  const at::NoGradGuard no_grad;
  const Tensor a = at::randn({kElements}), b = at::randn({kElements});
  for (auto _ : state) {
    const Tensor y = operation(a, b);
    benchmark::DoNotOptimize(y.data_ptr());
  }
  state.counters["gb_s"] = benchmark::Counter(3. * 4 * kElements * 1e-9 * static_cast<double>(state.iterations()),
                                              benchmark::Counter::kIsRate);
}

void allocator_libtorch(benchmark::State& state) {
  use_libtorch_allocator();
  add(state, [](const Tensor& a, const Tensor& b) { return at::add(a, b); });
}

void allocator_caching(benchmark::State& state) {
  use_caching_allocator();
  add(state, [](const Tensor& a, const Tensor& b) { return at::add(a, b); });
  use_libtorch_allocator();
}

void allocator_out(benchmark::State& state) {
  use_libtorch_allocator();
  Tensor y = at::zeros({kElements});
  add(state, [&](const Tensor& a, const Tensor& b) { return at::add_out(y, a, b); });
}

BENCHMARK(allocator_libtorch)->Name("allocator/add_64MB/libtorch")->Unit(benchmark::kMillisecond);
BENCHMARK(allocator_caching)->Name("allocator/add_64MB/caching")->Unit(benchmark::kMillisecond);
BENCHMARK(allocator_out)->Name("allocator/add_64MB/out")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::tensor
