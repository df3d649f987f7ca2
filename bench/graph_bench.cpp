// Message passing and row-wise perceptrons as differentiable operations, against the same in plain libtorch. The batch
// is that of kernel_bench.cpp.
#include "fathom/tensor/graph_ops.h"
#include "fathom/tensor/perceptron_op.h"

#include <functional>
#include <vector>

#include <ATen/ops/index_add.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <benchmark/benchmark.h>

#include "bench/row.h"
#include "fathom/base/seed.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/convert.h"

namespace fathom::tensor {
namespace {

constexpr std::int64_t kPrograms = 2500;
constexpr std::int64_t kVariables = 50 * kPrograms;
constexpr std::int64_t kConstraints = 10 * kPrograms;
constexpr std::int64_t kEntries = 100 * kPrograms;

Tensor normals(std::vector<std::int64_t> shape, std::uint64_t seed) {
  base::Random random(seed);
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  std::vector<double> values(count);
  for (double& value : values) value = random.normal();
  return from_doubles(values, shape, at::kFloat);
}

using Run = std::function<std::vector<Tensor>()>;

void compare(benchmark::State& state, const Run& ours, const Run& libtorch, double at_least = 0) {
  benchmark::DoNotOptimize(ours());
  benchmark::DoNotOptimize(libtorch());
  std::vector<double> our_seconds, their_seconds;
  for (auto _ : state) {
    our_seconds.push_back(bench::seconds_of(ours));
    their_seconds.push_back(bench::seconds_of(libtorch));
    state.SetIterationTime(our_seconds.back() + their_seconds.back());
  }
  bench::report_times_faster(state, {.ours = bench::median(our_seconds), .libtorch = bench::median(their_seconds)},
                             at_least);
}

// Wanted for messages of the width the linear-programming models have.
double least_gain(const benchmark::State& state) { return state.range(0) == 8 ? 10 : 0; }

struct Messages {
  Tensor row, column;
  Tensor value = normals({kEntries, 1}, 1);
  Tensor x, to_rows_gradient, to_columns_gradient;

  explicit Messages(std::int64_t width)
      : x(normals({kVariables, width}, 2)),
        to_rows_gradient(normals({kConstraints, width}, 3)),
        to_columns_gradient(normals({kVariables, width}, 4)) {
    base::Random random(5);
    std::vector<std::int64_t> rows, columns;
    for (std::int64_t e = 0; e < kEntries; ++e) {
      rows.push_back(e / 100 * 10 + static_cast<std::int64_t>(random.below(10)));
      columns.push_back(e / 100 * 50 + static_cast<std::int64_t>(random.below(50)));
    }
    row = from_int64s(rows, {kEntries});
    column = from_int64s(columns, {kEntries});
  }
  Tensor index_add(const Tensor& from) const {
    return at::zeros({kConstraints, from.size(1)}).index_add(0, row, from.index_select(0, column).mul(value));
  }
};

// Variables -> constraints.
void messages_forward(benchmark::State& state) {
  const Messages at(state.range(0));
  const Graph graph = Graph::from_edges(kConstraints, kVariables, at.row, at.column, at.value);
  compare(
      state, [&] { return std::vector{graph.to_rows(at.x)}; }, [&] { return std::vector{at.index_add(at.x)}; },
      least_gain(state));
}
BENCHMARK(messages_forward)->Arg(4)->Arg(8)->Arg(9)->Arg(33)->UseManualTime()->Unit(benchmark::kMillisecond);

void messages_forward_backward(benchmark::State& state) {
  const Messages at(state.range(0));
  const Graph graph = Graph::from_edges(kConstraints, kVariables, at.row, at.column, at.value);
  const Tensor x = at.x.clone().requires_grad_(true);
  compare(
      state, [&] { return vjp({graph.to_rows(x)}, {x}, {at.to_rows_gradient}); },
      [&] { return vjp({at.index_add(x)}, {x}, {at.to_rows_gradient}); }, least_gain(state));
}
BENCHMARK(messages_forward_backward)->Arg(4)->Arg(8)->Arg(9)->Arg(33)->UseManualTime()->Unit(benchmark::kMillisecond);

// d -> d -> d on one row for each variable, all gradients.
struct Layers {
  std::vector<Tensor> x;
  Tensor gradient;

  explicit Layers(std::int64_t d) : gradient(normals({kVariables, d}, 6)) {
    x = {normals({kVariables, d}, 1), normals({d, d}, 2), normals({d}, 3), normals({d, d}, 4), normals({d}, 5)};
  }
  Tensor ours() const { return perceptron(x[0], {}, x[1], x[2], x[3], x[4], true); }
  Tensor libtorch() const { return at::relu(at::linear(at::relu(at::linear(x[0], x[1], x[2])), x[3], x[4])); }
};

void perceptron_op_forward(benchmark::State& state) {
  const Layers at(state.range(0));
  compare(
      state, [&] { return std::vector{at.ours()}; }, [&] { return std::vector{at.libtorch()}; });
}
BENCHMARK(perceptron_op_forward)
    ->Arg(4)
    ->Arg(8)
    ->Arg(9)
    ->Arg(17)
    ->Arg(33)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void perceptron_op_forward_backward(benchmark::State& state) {
  Layers at(state.range(0));
  for (Tensor& tensor : at.x) tensor.requires_grad_(true);
  compare(
      state, [&] { return vjp({at.ours()}, at.x, {at.gradient}); },
      [&] { return vjp({at.libtorch()}, at.x, {at.gradient}); });
}
BENCHMARK(perceptron_op_forward_backward)
    ->Arg(4)
    ->Arg(8)
    ->Arg(9)
    ->Arg(17)
    ->Arg(33)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::tensor
