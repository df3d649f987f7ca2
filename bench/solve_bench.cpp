// What a solver iteration costs beside one bare evaluation of f = tanh(W z + inj), fp32, and what compaction saves. The
// limit of an iteration is one bare f; medians of runs in turn, processor time of one thread (OMP_NUM_THREADS=1).
#include <algorithm>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include <benchmark/benchmark.h>

#include "bench/row.h"
#include "fathom/nn/dense_cell.h"
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

double bare_seconds(const TanhCell& f, const Tensor& z0) {
  Tensor z = z0;
  return bench::seconds_of([&] { return z = f(z); }, kIterations);
}

// The iterations as libtorch's operations spell them: a row's residual after every step, the worst row looked at.
double worst_row(const Tensor& z, const Tensor& g) { return ((g - z).norm(2, 1) / g.norm(2, 1)).max().item<double>(); }

double textbook_picard_seconds(const TanhCell& f, const Tensor& z0) {
  Tensor z = z0;
  const auto step = [&] {
    const Tensor g = f(z);
    const double worst = worst_row(z, g);
    z = g;
    return worst;
  };
  return bench::seconds_of(step, kIterations);
}

// Anderson (1965) with the last `depth` pairs in two tensors, their Gram matrices by bmm and a batched solve.
double textbook_anderson_seconds(const TanhCell& f, const Tensor& z0, std::int64_t depth) {
  const std::int64_t batch = z0.size(0), width = z0.size(1);
  Tensor points = at::zeros({batch, depth, width}), images = at::zeros({batch, depth, width});
  Tensor z = z0;
  std::int64_t k = 0;
  const auto step = [&] {
    const Tensor g = f(z);
    points.select(1, k % depth).copy_(z);
    images.select(1, k % depth).copy_(g);
    const std::int64_t used = std::min(++k, depth);
    const Tensor image = images.narrow(1, 0, used), residual = image - points.narrow(1, 0, used);
    const Tensor gram = at::bmm(residual, residual.transpose(1, 2)) + 1e-6 * at::eye(used);
    const Tensor weight = at::linalg_solve(gram, at::ones({batch, used, 1}));
    z = at::bmm((weight / weight.sum(1, true)).transpose(1, 2), image).squeeze(1);
    return worst_row(points.select(1, (k - 1) % depth), g);
  };
  return bench::seconds_of(step, kIterations);
}

double solve_seconds(const Map& map, const Tensor& z0, const Solver& solver, const Loop& loop = {}) {
  const Stop stop{.rtol = 0, .max_iter = kIterations, .patience = kIterations};
  return bench::seconds_of([&] { return fixed_point(map, z0, solver, stop, loop).calls; }) / kIterations;
}

using Textbook = double (*)(const TanhCell&, const Tensor&);

void solver_over_f(benchmark::State& state, const Solver& solver, Textbook textbook, double at_most) {
  const at::NoGradGuard no_grad;
  const TanhCell f(state.range(0), state.range(1));
  const Map map(f);
  const Tensor z0 = at::zeros_like(f.injection);
  std::vector<double> bare, ours, theirs;
  bare_seconds(f, z0);
  for (auto _ : state) {
    bare.push_back(bare_seconds(f, z0));
    ours.push_back(solve_seconds(map, z0, solver));
    theirs.push_back(textbook(f, z0));
    state.SetIterationTime(ours.back() * kIterations);
  }
  bench::report_over_limit(
      state, {.ours = bench::median(ours), .libtorch = bench::median(theirs), .limit = bench::median(bare)}, at_most);
}

// One hard row among 255 easy ones: processor time without compaction over with. Counter iterations_ratio: that of the
// hard row over the others. The cosines stand for a real map, which costs several times what the solver does.
struct Saving {  // what compaction must save: so many times, or this share of iterations_ratio
  double times = 0;
  double share = 0;
};

void compaction(benchmark::State& state, double easy, double hard, const Solver& solver, Saving saving) {
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
    const Tensor start = at::zeros({kRows, kWidth});
    return bench::seconds_of([&] {
      const Solution s = fixed_point(map, start, solver, {.rtol = 1e-5, .max_iter = 2000}, {.compact = compact});
      return iterations = static_cast<double>(s.iterations[100]) / static_cast<double>(s.iterations[0]);
    });
  };
  double ratio = 0;
  std::vector<double> factor, ours;
  for (auto _ : state) {
    const double without = seconds(false, ratio), with = seconds(true, ratio);
    factor.push_back(without / with);
    ours.push_back(with);
    state.SetIterationTime(with);
  }
  state.counters["iterations_ratio"] = ratio;
  bench::report(state, {.ours = bench::median(ours)});
  bench::report_ratio(state, bench::median(factor), "without compaction / with", bench::Wanted::at_least,
                      std::max(saving.times, saving.share * ratio));
}

void compaction_picard(benchmark::State& state) { compaction(state, .5, .99, Picard{}, {.times = 8}); }
void compaction_anderson(benchmark::State& state) { compaction(state, .02, .998, Anderson{}, {.share = .7}); }
BENCHMARK(compaction_picard)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(compaction_anderson)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

// What an iteration may cost at most, in bare f.
struct Bound {
  std::int64_t batch, width;
  double picard, anderson;
};
constexpr Bound kBounds[] = {{1, 64, 2, 5}, {32, 64, 0, 1.6}, {64, 512, 1.05, 1.3}, {256, 1024, 1.03, 1.15}};

Bound bound_of(const benchmark::State& state) {
  return *std::find_if(std::begin(kBounds), std::end(kBounds),
                       [&](const Bound& b) { return b.batch == state.range(0) && b.width == state.range(1); });
}

// The large sizes would otherwise be a median of two.
constexpr std::int64_t kLarge = 512, kRunsOfLarge = 9;

void small(benchmark::internal::Benchmark* entry) {
  for (const Bound& bound : kBounds) {
    if (bound.width < kLarge) entry->Args({bound.batch, bound.width});
  }
  entry->UseManualTime()->Unit(benchmark::kMicrosecond);
}

void large(benchmark::internal::Benchmark* entry) {
  for (const Bound& bound : kBounds) {
    if (bound.width >= kLarge) entry->Args({bound.batch, bound.width});
  }
  entry->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(kRunsOfLarge);
}

void solve_picard(benchmark::State& state) {
  solver_over_f(state, Picard{}, textbook_picard_seconds, bound_of(state).picard);
}
BENCHMARK(solve_picard)->Apply(small);
BENCHMARK(solve_picard)->Apply(large);

void solve_anderson(benchmark::State& state) {
  const Textbook textbook = [](const TanhCell& f, const Tensor& z0) { return textbook_anderson_seconds(f, z0, 5); };
  solver_over_f(state, Anderson{.depth = 5}, textbook, bound_of(state).anderson);
}
BENCHMARK(solve_anderson)->Apply(small);
BENCHMARK(solve_anderson)->Apply(large);

// The same iteration of a dense cell with packed weights: ours tile by tile, counters batch_us in one batch and
// generic_us by tensor operations. The limit is again one bare f of tensor operations, which a packed f undercuts.
void solve_packed_cell(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const TanhCell f(state.range(0), state.range(1));
  const Map generic(f), packed = nn::dense_map(f.weight.t(), f.injection, nn::Activation::tanh);
  const Tensor z0 = at::zeros_like(f.injection);
  const Anderson solver{.depth = 5};
  std::vector<double> bare, ours, batch, by_operations, theirs;
  bare_seconds(f, z0);
  for (auto _ : state) {
    bare.push_back(bare_seconds(f, z0));
    ours.push_back(solve_seconds(packed, z0, solver));
    batch.push_back(solve_seconds(packed, z0, solver, {.tiles = false}));
    by_operations.push_back(solve_seconds(generic, z0, solver));
    theirs.push_back(textbook_anderson_seconds(f, z0, 5));
    state.SetIterationTime(ours.back() * kIterations);
  }
  state.counters["batch_us"] = 1e6 * bench::median(batch);
  state.counters["generic_us"] = 1e6 * bench::median(by_operations);
  bench::report_over_limit(
      state, {.ours = bench::median(ours), .libtorch = bench::median(theirs), .limit = bench::median(bare)},
      state.range(1) == 64 ? 1.6 : 1.15);
}
BENCHMARK(solve_packed_cell)
    ->Args({1, 64})
    ->Args({32, 64})
    ->Args({64, 64})
    ->Args({64, 256})
    ->Args({256, 256})
    ->Args({256, 1024})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// 4096 samples of which few are hard (gains 1 - 10^-e, e uniform in [.1, 2.2]): every row until it is done, tile by
// tile with the next sample in its place, against all rows until the last is done.
void heavy_tailed_batch(benchmark::State& state) {
  constexpr std::int64_t kRows = 4096, kWidth = 64;
  at::manual_seed(4);
  const Tensor weight = std::get<0>(at::linalg_qr(at::randn({kWidth, kWidth})));
  const Tensor gain = 1 - at::pow(10, -(at::rand({kRows, 1}) * 2.1 + .1));
  // |tanh'| <= 1 at x = 0 and falls with |x|: a row's input sets its gain.
  const Tensor input = at::randn({kRows, kWidth}) * (1 - gain) * 3;
  const Map map = nn::dense_map(weight * .995, input, nn::Activation::tanh);
  const Tensor z0 = at::zeros_like(input);
  const Stop stop{.rtol = 1e-4, .max_iter = 500};
  std::vector<double> ours, batch, to_the_last;
  Solution s;
  const auto seconds = [&](const Loop& loop) {
    return bench::seconds_of([&] {
      s = fixed_point(map, z0, Picard{}, stop, loop);
      return s.calls;
    });
  };
  for (auto _ : state) {
    batch.push_back(seconds({.tiles = false}));
    to_the_last.push_back(seconds({.compact = false, .tiles = false}));
    ours.push_back(seconds({}));
    state.SetIterationTime(ours.back());
  }
  std::vector<double> counts(s.iterations.begin(), s.iterations.end());
  state.counters["median_iterations"] = bench::median(counts);
  state.counters["most_iterations"] = *std::max_element(counts.begin(), counts.end());
  state.counters["batch_us"] = 1e6 * bench::median(batch);
  bench::report(state, {.ours = bench::median(ours)});
  bench::report_ratio(state, bench::median(to_the_last) / bench::median(ours), "all rows to the last / ours",
                      bench::Wanted::at_least, 0);
}
BENCHMARK(heavy_tailed_batch)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace fathom::solve
