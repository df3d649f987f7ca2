// Activations, the fused dense cell f = act(y W' + c) and the history of Anderson's method, fp32. Limits: copying for
// what is bound by memory, multiply-adds in registers for products.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>

#include <benchmark/benchmark.h>

#include "bench/fma_rate.h"
#include "bench/row.h"
#include "fathom/base/seed.h"
#include "fathom/kernel/anderson.h"
#include "fathom/kernel/dense.h"

namespace fathom::kernel {
namespace {

std::vector<float> normals(std::int64_t count, std::uint64_t seed, double scale = 1) {
  base::Random random(seed);
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(scale * random.normal());
  return x;
}

at::Tensor as_tensor(std::vector<float>& x, std::int64_t rows) {
  return at::from_blob(x.data(), {rows, static_cast<std::int64_t>(x.size()) / rows});
}

using OnTensor = at::Tensor (*)(const at::Tensor&);

at::Tensor gelu(const at::Tensor& x) { return at::gelu(x); }

// One call over numbers that fit the second-level cache; the limit is a copy.
void activation(benchmark::State& state, Activation act, OnTensor libtorch) {
  const at::NoGradGuard no_grad;
  constexpr std::int64_t kCount = 1 << 15;
  constexpr int kTimes = 200;
  std::vector<float> x = normals(kCount, 1), y(kCount);
  const at::Tensor input = as_tensor(x, 1);
  std::vector<double> ours, theirs, copy;
  for (auto _ : state) {
    ours.push_back(bench::seconds_of([&] { return activate<float>(act, x, y.data()), y[0]; }, kTimes));
    theirs.push_back(bench::seconds_of([&] { return libtorch(input).data_ptr<float>()[0]; }, kTimes / 10));
    const auto copy_all = [&] {
      std::memcpy(y.data(), x.data(), sizeof(float) * kCount);
      benchmark::ClobberMemory();
      return y[0];
    };
    copy.push_back(bench::seconds_of(copy_all, kTimes));
  }
  const bench::Times times{
      .ours = bench::median(ours), .libtorch = bench::median(theirs), .limit = bench::median(copy)};
  bench::report_of_limit(state, times);
  state.counters["GB/s"] = 8e-9 * kCount / times.ours;
}
BENCHMARK_CAPTURE(activation, tanh, Activation::tanh, at::tanh)->Iterations(15);
BENCHMARK_CAPTURE(activation, sigmoid, Activation::sigmoid, at::sigmoid)->Iterations(15);
BENCHMARK_CAPTURE(activation, gelu, Activation::gelu, gelu)->Iterations(15);
BENCHMARK_CAPTURE(activation, silu, Activation::silu, at::silu)->Iterations(15);

struct DenseCase {
  std::int64_t n, d;
  std::vector<float> weight, c, y, g, u, w;
  Dense<float> dense;

  DenseCase(std::int64_t rows, std::int64_t width)
      : n(rows),
        d(width),
        weight(normals(d * d, 1, 1 / std::sqrt(static_cast<double>(d)))),
        c(normals(n * d, 2)),
        y(normals(n * d, 3)),
        g(n * d),
        u(normals(n * d, 4)),
        w(n * d),
        dense(weight.data(), d, d, Activation::tanh) {}
  DenseRows<float> rows() const { return {n, c.data()}; }
  double operations() const { return 2.0 * static_cast<double>(n * d * d); }
};

// ours: the whole of tanh(y W' + c), or of its adjoint; libtorch: the same by addmm and tanh, or by mm and products;
// bare_mm_us: one product of that size alone.
void dense(benchmark::State& state, bool adjoint) {
  const at::NoGradGuard no_grad;
  DenseCase at_size(state.range(0), state.range(1));
  const std::int64_t n = at_size.n;
  const at::Tensor W = as_tensor(at_size.weight, at_size.d), Wt = W.t(), c = as_tensor(at_size.c, n);
  const at::Tensor y = as_tensor(at_size.y, n), g = as_tensor(at_size.g, n), u = as_tensor(at_size.u, n);
  at::Tensor out = at::empty({n, at_size.d});
  const auto ours = [&] {
    if (adjoint) {
      at_size.dense.vjp(at_size.rows(), at_size.y.data(), at_size.g.data(), at_size.u.data(), at_size.w.data());
    } else {
      at_size.dense.evaluate(at_size.rows(), at_size.y.data(), at_size.g.data());
    }
    return at_size.g[0];
  };
  const auto theirs = [&] { return adjoint ? at::mm(u * (1 - g * g), W) : at::tanh(at::addmm(c, y, Wt)); };
  const auto bare = [&] { return at::mm_out(out, y, Wt); };
  const int times = static_cast<int>(std::max(1.0, 2e8 / at_size.operations()));
  std::vector<double> our_seconds, their_seconds, bare_seconds, limit;
  bench::seconds_of(bare, times);
  for (auto _ : state) {
    our_seconds.push_back(bench::seconds_of(ours, times));
    their_seconds.push_back(bench::seconds_of(theirs, times));
    bare_seconds.push_back(bench::seconds_of(bare, times));
    limit.push_back(at_size.operations() / bench::fma_rate());
  }
  const bench::Times seconds{
      .ours = bench::median(our_seconds), .libtorch = bench::median(their_seconds), .limit = bench::median(limit)};
  bench::report_of_limit(state, seconds, n >= 32 ? .8 : 0);
  state.counters["bare_mm_us"] = 1e6 * bench::median(bare_seconds);
  state.counters["GFLOP/s"] = 1e-9 * at_size.operations() / seconds.ours;
}
void dense_f(benchmark::State& state) { dense(state, false); }
void dense_vjp(benchmark::State& state) { dense(state, true); }
BENCHMARK(dense_f)->Args({1, 64})->Args({32, 256})->Args({64, 512})->Args({256, 1024})->Iterations(9);
BENCHMARK(dense_vjp)->Args({1, 64})->Args({32, 256})->Args({64, 512})->Args({256, 1024})->Iterations(9);

// One step of Anderson(5), both passes, on one state; the limit is what it reads and writes at the speed of a copy.
template <class Column>
void anderson_step(benchmark::State& state) {
  constexpr std::int64_t kDepth = 5;
  const std::int64_t width = state.range(0);
  using History = AndersonHistory<float, Column>;
  std::vector<float> y = normals(width, 1), g = normals(width, 2), y_prev = g, g_prev = y, best(width),
                     memory(History::matrices(kDepth) * width, .5F);
  prefer_huge_pages(memory.data(), sizeof(float) * memory.size());
  const History history{memory.data(), 1, width, kDepth};
  const std::int64_t starts[] = {0, width}, columns = kDepth;
  const double weights[] = {.1, -.2, .3, -.1, .05};
  const LiveRow row;
  Ring ring{0, kDepth};
  Squares squares;
  AndersonProducts products;
  std::uint8_t best_is_previous = 0;
  const auto step = [&] {
    ring.newest = (ring.newest + 1) % kDepth;
    anderson_measure<float>({&row, 1}, starts, {y.data(), g.data()}, {y_prev.data(), g_prev.data()}, history, ring,
                            &columns, &squares, &products);
    anderson_mix<float>({&row, 1}, {y.data(), g.data()}, {y_prev.data(), g_prev.data()}, history, ring, weights, 1.F,
                        y_prev.data(), best.data(), &best_is_previous);
    y.swap(y_prev);
    g.swap(g_prev);
    return squares.residual;
  };
  const auto copy = [&] {
    std::memcpy(best.data(), g.data(), sizeof(float) * width);
    benchmark::ClobberMemory();
    return best[0];
  };
  std::vector<double> ours, copied;
  step();
  for (auto _ : state) {
    ours.push_back(bench::seconds_of(step, 3));
    copied.push_back(bench::seconds_of(copy, 3));
  }
  // measure: y, g, y_prev, g_prev and 4 columns read, 2 columns written; mix: g and 5 columns read, the next y written.
  const double bytes = static_cast<double>(width) * (6 * sizeof(float) + 11 * sizeof(Column));
  const double seconds_a_byte = bench::median(copied) / (2 * sizeof(float) * static_cast<double>(width));
  bench::report_over_limit(state, {.ours = bench::median(ours), .limit = bytes * seconds_a_byte});
}
BENCHMARK_TEMPLATE(anderson_step, float)->Arg(1 << 22)->Iterations(9)->Name("anderson_step_full_history");
BENCHMARK_TEMPLATE(anderson_step, Bfloat16)->Arg(1 << 22)->Iterations(9)->Name("anderson_step_bf16_history");

}  // namespace
}  // namespace fathom::kernel
