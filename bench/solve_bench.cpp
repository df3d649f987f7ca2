// What a solver iteration costs beside one bare evaluation of f = tanh(W z + inj), fp32: the table
// of docs on cost. Counters: f_us one bare f, iteration_us one iteration of the solve, ratio of the
// two (medians of interleaved runs). Processor time of one thread, so that a busy machine does not
// blur the ratio: run with OMP_NUM_THREADS=1.
#include <algorithm>
#include <cstdint>
#include <ctime>
#include <vector>

#include <ATen/ATen.h>

#include <benchmark/benchmark.h>

#include "fathom/solve/fixed_point.h"

namespace fathom::solve {
namespace {

constexpr std::int64_t kIterations = 50;

// W is orthogonal times .999 and the injection is small, so that no row is done before the last
// iteration.
struct TanhCell {
  Tensor weight, injection;

  TanhCell(std::int64_t batch, std::int64_t width) {
    at::manual_seed(1);
    weight = std::get<0>(at::linalg_qr(at::randn({width, width}))) * .999;
    injection = at::randn({batch, width}) * .01;
  }
  Tensor operator()(const Tensor& z, const Rows& rows = {}) const {
    return at::addmm(rows.of(injection), z, weight).tanh_();
  }
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double bare_seconds(const TanhCell& f, const Tensor& z0) {
  const double start = processor_seconds();
  Tensor z = z0;
  for (std::int64_t i = 0; i < kIterations; ++i) z = f(z);
  benchmark::DoNotOptimize(z.data_ptr());
  return (processor_seconds() - start) / kIterations;
}

double solve_seconds(const Map& map, const Tensor& z0, const Solver& solver) {
  const double start = processor_seconds();
  const Stop stop{.rtol = 0, .max_iter = kIterations, .patience = kIterations};
  const Solution solution = fixed_point(map, z0, solver, stop);
  return (processor_seconds() - start) / static_cast<double>(solution.calls);
}

void solver_over_f(benchmark::State& state, const Solver& solver) {
  const at::NoGradGuard no_grad;
  const TanhCell f(state.range(0), state.range(1));
  const Map map(f);
  const Tensor z0 = at::zeros_like(f.injection);
  std::vector<double> bare, solve;
  bare_seconds(f, z0);
  for (auto _ : state) {
    bare.push_back(bare_seconds(f, z0));
    solve.push_back(solve_seconds(map, z0, solver));
    state.SetIterationTime(solve.back() * kIterations);
  }
  state.counters["f_us"] = 1e6 * median(bare);
  state.counters["iteration_us"] = 1e6 * median(solve);
  state.counters["ratio"] = median(solve) / median(bare);
}

// One hard row among 255 easy ones: processor time without compaction over with. Counters: times_faster, and
// iterations_ratio of the hard row over the others. The cosines stand for a real map, which costs several times what
// the solver does.
void compaction(benchmark::State& state, double easy, double hard, const Solver& solver) {
  constexpr std::int64_t kRows = 256, kWidth = 512, kLayers = 40;
  Tensor gain = at::full({kRows, 1}, easy);
  gain[100][0] = hard;
  const Tensor rate = gain * at::linspace(0, 1, kWidth);
  const Map map([&](const Tensor& y, const Rows& rows) {
    Tensor worked = y.clone();
    for (std::int64_t layer = 0; layer < kLayers; ++layer) worked.cos_();
    return (y - 1).mul_(rows.of(rate)).add_(1).add_(worked, 0);
  });
  const auto seconds = [&](bool compact, double& iterations) {
    const double start = processor_seconds();
    const Solution s =
        fixed_point(map, at::zeros({kRows, kWidth}), solver, {.rtol = 1e-5, .max_iter = 2000}, {.compact = compact});
    iterations = static_cast<double>(s.iterations[100]) / static_cast<double>(s.iterations[0]);
    return processor_seconds() - start;
  };
  double ratio = 0;
  std::vector<double> factor;
  for (auto _ : state) {
    const double without = seconds(false, ratio), with = seconds(true, ratio);
    factor.push_back(without / with);
    state.SetIterationTime(with);
  }
  state.counters["times_faster"] = median(factor);
  state.counters["iterations_ratio"] = ratio;
}

void compaction_picard(benchmark::State& state) { compaction(state, .5, .99, Picard{}); }
void compaction_anderson(benchmark::State& state) { compaction(state, .02, .998, Anderson{}); }
BENCHMARK(compaction_picard)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(compaction_anderson)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void solve_picard(benchmark::State& state) { solver_over_f(state, Picard{}); }
void solve_anderson(benchmark::State& state) { solver_over_f(state, Anderson{.depth = 5}); }

BENCHMARK(solve_picard)
    ->Args({1, 64})
    ->Args({64, 512})
    ->Args({256, 1024})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(solve_anderson)
    ->Args({1, 64})
    ->Args({64, 512})
    ->Args({256, 1024})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom::solve
