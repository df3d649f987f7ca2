// What each gradient of one equilibrium costs and how good it is: y = tanh(W y + inj), ||W|| = the range, float32,
// B = 64, d = 256. The limit is one bare f; counters: forward and backward in units of it (medians), error of dL/dW
// relative to the exact gradient of float64. And what an implicit step keeps in memory. Run with OMP_NUM_THREADS=1.
#include <cmath>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include <benchmark/benchmark.h>

#include "bench/row.h"
#include "fathom/diff/equilibrium.h"
#include "tests/support/memory.h"

namespace fathom::diff {
namespace {

constexpr solve::Stop kStop{.rtol = 1e-5, .max_iter = 500};

struct Problem {
  Tensor weight, injection;

  Problem(double gain, at::ScalarType type) {
    at::manual_seed(1);
    const Tensor w = at::randn({256, 256}, at::kDouble), x = at::randn({64, 256}, at::kDouble);
    weight = (w * (gain / at::linalg_matrix_norm(w, 2).item<double>())).to(type).requires_grad_(true);
    injection = x.to(type);
  }
  Map map() const {
    return Map([w = weight, c = injection](const Tensor& y, const Rows& rows) {
      return at::tanh(at::addmm(rows.of(c), y, w));
    });
  }
  Tensor start() const { return at::zeros_like(injection); }
  Tensor loss(const Tensor& y) const { return (y * at::cos(injection)).sum(); }
};

double bare_seconds(const Problem& problem) {
  const at::NoGradGuard no_grad;
  const Map map = problem.map();
  State y(problem.start());
  return bench::seconds_of([&] { return y = map(y); }, 20);
}

Tensor exact_gradient(double gain) {
  const Problem problem(gain, at::kDouble);
  const Equilibrium e = equilibrium(problem.map(), problem.start(), solve::Anderson{},
                                    Implicit{.rtol = 1e-12, .max_iter = 1000}, {.rtol = 1e-12, .max_iter = 2000});
  problem.loss(e.y.only()).backward();
  return problem.weight.grad();
}

void gradient(benchmark::State& state, const Gradient& choice) {
  const double gain = static_cast<double>(state.range(0)) / 100;
  const Problem problem(gain, at::kFloat);
  const Tensor exact = exact_gradient(gain);
  std::vector<double> bare, forward, backward;
  for (auto _ : state) {
    bare.push_back(bare_seconds(problem));
    problem.weight.mutable_grad().reset();
    const double start = bench::processor_seconds();
    const Tensor loss =
        problem.loss(equilibrium(problem.map(), problem.start(), solve::Anderson{}, choice, kStop).y.only());
    forward.push_back(bench::processor_seconds() - start);
    loss.backward();
    backward.push_back(bench::processor_seconds() - start - forward.back());
    state.SetIterationTime(forward.back() + backward.back());
  }
  const Tensor off = problem.weight.grad().to(at::kDouble) - exact;
  const double f = bench::median(bare), there = bench::median(forward), back = bench::median(backward);
  bench::report_over_limit(state, {.ours = there + back, .limit = f});
  state.counters["forward"] = there / f;
  state.counters["backward"] = back / f;
  state.counters["error"] = (off.norm() / exact.norm()).item<double>();
}

#define FATHOM_GRADIENT(name, ...) \
  BENCHMARK_CAPTURE(gradient, name, Gradient(__VA_ARGS__))->Arg(50)->Arg(90)->Iterations(9)->UseManualTime()

FATHOM_GRADIENT(implicit, Implicit{});
FATHOM_GRADIENT(implicit_loose, Implicit{.rtol = 1e-2});
FATHOM_GRADIENT(adaptive, Adaptive{.rtol = 1e-2});
FATHOM_GRADIENT(neumann_5, Neumann{5});
FATHOM_GRADIENT(jacobian_free, JacobianFree{});
FATHOM_GRADIENT(phantom_5, Phantom{});
FATHOM_GRADIENT(unrolled_40, Unrolled{40});
FATHOM_GRADIENT(checkpointed_40, Checkpointed{40});
FATHOM_GRADIENT(truncated_40_4, Truncated{40, 4});
FATHOM_GRADIENT(reversible_40, Reversible{.steps = 40});

// Most bytes of tensors alive in a training step of so many iterations. The map trembles, so that none stops early.
double step_bytes(const Problem& problem, std::int64_t iterations) {
  const Map map([still = problem.map(), t = 0.0](const Tensor& y, const Rows& rows) mutable {
    return still(y, rows).only() + 1e-3 * std::sin(t += 1);
  });
  const solve::Stop stop{.rtol = 0, .max_iter = iterations, .patience = iterations + 1, .divergence = 1e9};
  const testing_support::MemoryCounter memory;
  problem.loss(equilibrium(map, problem.start(), solve::Anderson{}, Implicit{.rtol = 1e-3}, stop).y.only()).backward();
  problem.weight.mutable_grad().reset();
  return static_cast<double>(memory.peak());
}

void implicit_memory(benchmark::State& state) {
  const Problem problem(.9, at::kFloat);
  double few = 0, many = 0;
  for (auto _ : state) {
    few = step_bytes(problem, 10);
    many = step_bytes(problem, 1000);
  }
  bench::report_ratio(state, many / few, "bytes of 1000 iterations / of 10", bench::Wanted::at_most, 1.1);
}
BENCHMARK(implicit_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::diff
