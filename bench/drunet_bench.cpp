// DRUNet on packed weights against libtorch's convolutions as they come, and against direct sums at the processor's
// peak of multiply-adds. Arguments: channels of the finest scale (the others are 2, 4 and 8 times as many), residual
// blocks at a place, height = width, images, precise.
#include <functional>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>

#include <benchmark/benchmark.h>

#include "bench/fma_rate.h"
#include "bench/row.h"
#include "fathom/nn/packed_drunet.h"

namespace fathom::nn {
namespace {

void drunet(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const std::int64_t n = state.range(0), side = state.range(2), images = state.range(3);
  const bool precise = state.range(4) != 0;
  Drunet network({.channels = 3, .widths = {n, 2 * n, 4 * n, 8 * n}, .blocks = state.range(1)});
  network.eval();
  const PackedDrunet packed(network, side, side, {.precise = precise});
  const Tensor x = at::rand({images, 3, side, side});
  const auto ours = [&] { return packed(x, 0.05); };
  const auto theirs = [&] { return network.forward(x, 0.05); };
  std::vector<double> our_seconds, their_seconds, limit;
  ours();
  theirs();
  for (auto _ : state) {
    our_seconds.push_back(bench::seconds_of(ours));
    their_seconds.push_back(bench::seconds_of(theirs));
    limit.push_back(packed.flops() * static_cast<double>(images) / bench::fma_rate());
  }
  const bench::Times times{
      .ours = bench::median(our_seconds), .libtorch = bench::median(their_seconds), .limit = bench::median(limit)};
  state.counters["images/s"] = static_cast<double>(images) / times.ours;
  state.counters["GFLOP/s"] = 1e-9 * packed.flops() * static_cast<double>(images) / times.ours;
  state.counters["of_direct_limit"] = times.limit / times.ours;
  state.counters["packed_MB"] = 1e-6 * static_cast<double>(packed.weight_bytes());
  state.counters["workspace_MB"] = 1e-6 * static_cast<double>(packed.workspace_bytes());
  bench::report_times_faster(state, times, precise || n < 64 ? 0 : 2);
}
BENCHMARK(drunet)
    ->Args({64, 4, 128, 1, 0})
    ->Args({64, 4, 256, 1, 0})
    ->Args({64, 4, 128, 1, 1})
    ->Args({16, 2, 128, 1, 0})
    ->Args({16, 2, 128, 8, 0})
    ->ArgNames({"widths", "blocks", "size", "images", "precise"})
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::nn
