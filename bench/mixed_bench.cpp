// What a solve to rtol 1e-5 costs in float32, and begun in bfloat16 (fixed_point_mixed), f = tanh(z W + inj). Counters:
// full and low, calls of f in either precision; f_low_over_f, the price of one f in bfloat16 over one in float32.
// Processor time of one thread: run with OMP_NUM_THREADS=1.
#include <algorithm>
#include <ctime>

#include <ATen/ATen.h>

#include <benchmark/benchmark.h>

#include "fathom/solve/mixed_precision.h"
#include "fathom/tensor/precision.h"

namespace fathom::solve {
namespace {

const Stop kStop{.rtol = 1e-5, .max_iter = 400};

// Contracts by .9 a step.
struct Cell {
  Tensor weight, injection;

  Cell(std::int64_t batch, std::int64_t width) {
    at::manual_seed(1);
    weight = std::get<0>(at::linalg_qr(at::randn({width, width}))) * .9;
    injection = at::randn({batch, width}) * .1;
  }
  Map map() const {
    return Map([*this](const Tensor& z, const Rows& rows) { return at::addmm(rows.of(injection), z, weight).tanh_(); });
  }
  Tensor start() const { return at::zeros_like(injection); }
};

double seconds_of(const Map& map, const Tensor& z) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const std::clock_t start = std::clock();
    benchmark::DoNotOptimize(map(z).only().data_ptr());
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

void solve_full(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const Cell cell(state.range(0), state.range(1));
  const Map map = cell.map();
  for (auto _ : state)
    state.counters["full"] = static_cast<double>(fixed_point(map, cell.start(), Picard{}, kStop).calls);
}

void solve_mixed(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const Cell cell(state.range(0), state.range(1));
  const Map map = cell.map();
  for (auto _ : state) {
    const MixedSolution mixed = fixed_point_mixed(map, cell.start(), Picard{}, kStop);
    state.counters["low"] = static_cast<double>(mixed.early.calls);
    state.counters["full"] = static_cast<double>(mixed.solution.calls - mixed.early.calls);
  }
  state.counters["f_low_over_f"] =
      seconds_of(in_precision(map, at::kBFloat16), cell.start()) / seconds_of(map, cell.start());
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const auto& [batch, width] : {std::pair{64, 512}, {256, 1024}}) benchmark->Args({batch, width});
  benchmark->Unit(benchmark::kMillisecond);
}

BENCHMARK(solve_full)->Name("mixed/picard/float32")->Apply(sizes);
BENCHMARK(solve_mixed)->Name("mixed/picard/bfloat16_then_float32")->Apply(sizes);

}  // namespace
}  // namespace fathom::solve
