// Packed cells against their callables, and short weights against the machine's read stream, each pair in one process.
#include <functional>
#include <numeric>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <torch/nn/module.h>

#include <benchmark/benchmark.h>

#include "bench/read_stream.h"
#include "bench/row.h"
#include "fathom/kernel/gemv.h"
#include "fathom/kernel/huge_pages.h"
#include "fathom/nn/conv_cell.h"
#include "fathom/nn/csr_cell.h"
#include "fathom/nn/spectral_cell.h"

namespace fathom::nn {
namespace {

using Run = std::function<void()>;

// The median of a call of each, taken in turns.
std::pair<double, double> median_seconds(benchmark::State& state, const Run& ours, const Run& theirs) {
  std::vector<double> a, b;
  theirs();
  for (auto _ : state) {
    a.push_back(bench::seconds_of(ours));
    b.push_back(bench::seconds_of(theirs));
  }
  return {bench::median(a), bench::median(b)};
}

// Arguments: bits of a weight, rows. [5280 x 8960] as in the decoder of a 3.5B model.
struct ShortFormat {
  kernel::WeightFormat format;
  double least;  // of the stream, asked of a vector
};
ShortFormat short_format(std::int64_t bits) {
  if (bits == 16) return {kernel::WeightFormat::bf16, .85};
  if (bits == 8) return {kernel::WeightFormat::int8, .6};
  return {kernel::WeightFormat::int4, .5};
}

void gemv(benchmark::State& state) {
  constexpr std::int64_t kOutputs = 5280, kInputs = 8960;
  const auto [format, asked] = short_format(state.range(0));
  const std::int64_t rows = state.range(1);
  const bool backward = state.range(2) != 0;
  const Tensor weight = at::randn({kOutputs, kInputs}), x = at::randn({rows, kInputs}), y = at::randn({rows, kOutputs});
  const kernel::Gemv packed(format, weight.data_ptr<float>(), kOutputs, kInputs);
  const Tensor stream = at::empty({static_cast<std::int64_t>(packed.bytes() / sizeof(float))});
  kernel::prefer_huge_pages(stream.data_ptr(), stream.nbytes());
  stream.fill_(1);
  const Run ours = [&] {
    backward ? packed.vjp(rows, y.data_ptr<float>(), x.data_ptr<float>())
             : packed.evaluate(rows, x.data_ptr<float>(), y.data_ptr<float>());
  };
  const auto [our_seconds, read_seconds] =
      median_seconds(state, ours, [&] { benchmark::DoNotOptimize(bench::read_stream(stream)); });
  state.counters["GB/s"] = 1e-9 * static_cast<double>(packed.bytes()) / our_seconds;
  const double least = rows > 1 || backward ? 0 : asked;
  bench::report_of_limit(state, {.ours = our_seconds, .limit = read_seconds}, least);
}
BENCHMARK(gemv)
    ->ArgsProduct({{16, 8, 4}, {1, 4, 8}, {0, 1}})
    ->ArgNames({"bits", "rows", "vjp"})
    ->Iterations(15)
    ->Unit(benchmark::kMillisecond);

template <class Make>
void packed_against_callable(benchmark::State& state, const Make& make, double at_least = 0) {
  const at::NoGradGuard no_grad;
  const Tensor x = make.injection();
  const Map map = make.map(x);
  const Tensor y = at::randn_like(x), g = at::empty_like(y);
  std::vector<std::int64_t> samples(x.size(0));
  std::iota(samples.begin(), samples.end(), 0);
  const tensor::PackedMap<float>& cell = *map.packed<float>();
  const auto [ours, theirs] = median_seconds(
      state, [&] { cell.evaluate(samples, y.data_ptr<float>(), g.data_ptr<float>()); },
      [&] { benchmark::DoNotOptimize(map(y)); });
  bench::report_times_faster(state, {.ours = ours, .libtorch = theirs}, at_least);
}

// nodes, edges, features, samples
struct GraphCell {
  std::int64_t nodes, edges, features, samples;
  Tensor injection() const { return at::randn({samples, nodes, features}); }
  Map map(const Tensor& x) const {
    const at::TensorOptions index(at::kLong);
    const tensor::Graph graph = tensor::Graph::from_edges(nodes, nodes, at::randint(nodes, {edges}, index),
                                                          at::randint(nodes, {edges}, index), at::randn({edges}));
    return csr_map(graph, at::randn({features, features}), x, kernel::Activation::relu);
  }
};

void csr_cell(benchmark::State& state) {
  packed_against_callable(state, GraphCell{state.range(0), state.range(1), state.range(2), state.range(3)});
}
BENCHMARK(csr_cell)
    ->Args({2000, 16000, 32, 16})
    ->Args({20000, 100000, 16, 1})
    ->Iterations(25)
    ->Unit(benchmark::kMillisecond);

// height = width, channels, modes, samples
struct FourierCell {
  std::int64_t size, channels, modes, samples;
  Tensor injection() const { return at::randn({samples, channels, size, size}); }
  Map map(const Tensor& x) const { return SpectralCell({channels, modes, modes}).map(x); }
};

void spectral_cell(benchmark::State& state) {
  packed_against_callable(state, FourierCell{state.range(0), state.range(1), state.range(2), state.range(3)});
}
BENCHMARK(spectral_cell)->Args({128, 32, 12, 16})->Args({64, 32, 12, 1})->Iterations(9)->Unit(benchmark::kMillisecond);

// height = width, channels, samples, precise
struct ImageCell {
  std::int64_t size, channels, samples;
  bool precise;
  Tensor injection() const { return at::randn({samples, channels, size, size}); }
  Map map(const Tensor& x) const {
    const Tensor weight = at::randn({channels, channels, 3, 3}), bias = at::randn({channels});
    return conv_map(weight, bias, x, kernel::Activation::relu, precise);
  }
};

void conv_cell(benchmark::State& state) {
  packed_against_callable(state, ImageCell{state.range(0), state.range(1), state.range(2), state.range(3) != 0},
                          state.range(3) != 0 ? 0 : 2);
}
BENCHMARK(conv_cell)
    ->ArgsProduct({{128}, {64}, {1, 4}, {0, 1}})
    ->ArgNames({"size", "channels", "samples", "precise"})
    ->Iterations(9)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::nn
