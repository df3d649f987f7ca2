// The kernels alone, on the sizes of the linear-programming batch: 2500 programs of 50 variables, 10 constraints and
// 100 entries. Counters: GFLOP/s of arithmetic, GB/s of compulsory traffic.
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "fathom/base/seed.h"
#include "fathom/kernel/csr.h"
#include "fathom/kernel/perceptron.h"

namespace fathom::kernel {
namespace {

constexpr std::int64_t kPrograms = 2500;
constexpr std::int64_t kVariables = 50;
constexpr std::int64_t kConstraints = 10;
constexpr std::int64_t kEntries = 100;

std::vector<float> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(random.normal());
  return x;
}

struct BipartiteBatch {
  CsrPattern pattern;
  std::vector<float> value = normals(kPrograms * kEntries, 1);

  BipartiteBatch() {
    base::Random random(2);
    std::vector<std::int64_t> row;
    std::vector<std::int64_t> column;
    for (std::int64_t e = 0; e < kPrograms * kEntries; ++e) {
      row.push_back(e / kEntries * kConstraints + static_cast<std::int64_t>(random.below(kConstraints)));
      column.push_back(e / kEntries * kVariables + static_cast<std::int64_t>(random.below(kVariables)));
    }
    pattern = csr_pattern(kPrograms * kConstraints, kPrograms * kVariables, row, column);
  }
  CsrView<float> view(const CsrPattern& of) const {
    return {of.rows, of.columns, of.row_start.data(), of.column.data(), value.data()};
  }
};

void csr_product(benchmark::State& state, const CsrPattern& pattern, const CsrView<float>& matrix) {
  const std::int64_t width = state.range(0);
  const auto x = normals(pattern.columns * width, 3);
  std::vector<float> out(pattern.rows * width);
  for (auto _ : state) {
    csr_times_dense(matrix, x.data(), width, out.data());
    benchmark::ClobberMemory();
  }
  const auto bytes = static_cast<double>(4 * (x.size() + out.size()) + 8 * pattern.column.size());
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void csr_to_constraints(benchmark::State& state) {
  const BipartiteBatch batch;
  csr_product(state, batch.pattern, batch.view(batch.pattern));
}
BENCHMARK(csr_to_constraints)->Arg(4)->Arg(8)->Arg(9)->Arg(17)->Arg(33)->Unit(benchmark::kMillisecond);

void csr_to_variables(benchmark::State& state) {
  const BipartiteBatch batch;
  const CsrPattern transposed = transpose(batch.pattern);
  csr_product(state, transposed, batch.view(transposed));
}
BENCHMARK(csr_to_variables)->Arg(4)->Arg(8)->Arg(9)->Arg(17)->Arg(33)->Unit(benchmark::kMillisecond);

void csr_values(benchmark::State& state) {
  const BipartiteBatch batch;
  const std::int64_t width = state.range(0);
  const auto g = normals(batch.pattern.rows * width, 3);
  const auto x = normals(batch.pattern.columns * width, 4);
  std::vector<float> gradient(batch.value.size());
  for (auto _ : state) {
    csr_value_gradient(batch.view(batch.pattern), g.data(), x.data(), width, gradient.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(csr_values)->Arg(8)->Arg(33)->Unit(benchmark::kMillisecond);

// A d -> d -> d perceptron on one row for each variable.
struct PerceptronCase {
  std::int64_t rows = kPrograms * kVariables;
  std::int64_t d;
  std::vector<float> x, w1, c1, w2, c2, y, dy;

  explicit PerceptronCase(std::int64_t width)
      : d(width),
        x(normals(rows * d, 1)),
        w1(normals(d * d, 2)),
        c1(normals(d, 3)),
        w2(normals(d * d, 4)),
        c2(normals(d, 5)),
        y(rows * d),
        dy(normals(rows * d, 6)) {}
  PerceptronInput<float> input() const { return {rows, x.data(), d, nullptr, 0}; }
  PerceptronWeights<float> weights() const { return {d, d, w1.data(), c1.data(), w2.data(), c2.data(), true}; }
  void count(benchmark::State& state, double products) const {
    const double flops = products * 2.0 * static_cast<double>(rows * d * d);
    state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  }
};

void perceptron_forward(benchmark::State& state) {
  PerceptronCase at(state.range(0));
  for (auto _ : state) {
    kernel::perceptron_forward(at.input(), at.weights(), at.y.data());
    benchmark::ClobberMemory();
  }
  at.count(state, 2);
}
BENCHMARK(perceptron_forward)->Arg(4)->Arg(8)->Arg(9)->Arg(17)->Arg(33)->Arg(64)->Unit(benchmark::kMillisecond);

void perceptron_backward(benchmark::State& state) {
  PerceptronCase at(state.range(0));
  PerceptronCase to(state.range(0));
  const PerceptronGradient<float> gradient{to.x.data(),  nullptr,      to.w1.data(),
                                           to.c1.data(), to.w2.data(), to.c2.data()};
  for (auto _ : state) {
    kernel::perceptron_backward(at.input(), at.weights(), at.dy.data(), gradient);
    benchmark::ClobberMemory();
  }
  at.count(state, 6);
}
BENCHMARK(perceptron_backward)->Arg(4)->Arg(8)->Arg(9)->Arg(17)->Arg(33)->Arg(64)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::kernel
