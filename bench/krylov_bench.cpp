// What GMRES does beside its products with A, fp32: a step of the whole method against the bare product, and the
// orthogonalisation alone against libtorch and one read of the basis. Medians of runs in turn, processor time of one
// thread (OMP_NUM_THREADS=1).
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include <benchmark/benchmark.h>

#include "bench/read_stream.h"
#include "bench/row.h"
#include "fathom/solve/krylov.h"
#include "fathom/solve/krylov_basis.h"

namespace fathom::solve {
namespace {

constexpr std::int64_t kSteps = 20;

// Classical Gram-Schmidt, twice; V (B, k, D).
Tensor textbook_orthogonalise(Tensor w, const Tensor& V, const Tensor& h) {
  for (int pass = 0; pass < 2; ++pass) {
    const Tensor part = at::bmm(V, w.unsqueeze(2));
    w = at::baddbmm(w.unsqueeze(2), V.transpose(1, 2), part, 1, -1).squeeze(2);
    h.add_(part);
  }
  return w;
}

// One cycle of kSteps steps as libtorch's operations spell it; the small least-squares problems of all rows in one
// call.
Tensor textbook_gmres(const LinearMap& A, const Tensor& b) {
  const std::int64_t batch = b.size(0);
  const Tensor V = at::zeros({batch, kSteps + 1, b.size(1)}), H = at::zeros({batch, kSteps + 1, kSteps});
  const Tensor beta = at::linalg_vector_norm(b, 2, {1}, true);
  V.select(1, 0).copy_(b / beta);
  for (std::int64_t j = 0; j < kSteps; ++j) {
    const Tensor h = H.select(2, j).narrow(1, 0, j + 1).unsqueeze(2);
    const Tensor w = textbook_orthogonalise(A(V.select(1, j)), V.narrow(1, 0, j + 1), h);
    const Tensor left = at::linalg_vector_norm(w, 2, {1}, true);
    H.select(2, j).select(1, j + 1).copy_(left.squeeze(1));
    V.select(1, j + 1).copy_(w / left);
  }
  Tensor rhs = at::zeros({batch, kSteps + 1, 1});
  rhs.select(1, 0).copy_(beta);
  const Tensor y = std::get<0>(at::linalg_lstsq(H, rhs));
  return at::bmm(y.transpose(1, 2), V.narrow(1, 0, kSteps)).squeeze(1);
}

// A = I - .9 Q with Q orthogonal: no row is done before the last step. Arguments: rows, width.
void gmres_step(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  const Tensor weight = .9 * std::get<0>(at::linalg_qr(at::randn({state.range(1), state.range(1)})));
  const Tensor b = at::randn({state.range(0), state.range(1)});
  const LinearMap A = [&](const Tensor& v) { return at::addmm(v, v, weight, 1, -1); };
  const Gmres options{.rtol = 1e-30, .max_iter = kSteps, .restart = kSteps, .verify = false};
  std::vector<double> bare, ours, theirs;
  A(b);
  for (auto _ : state) {
    bare.push_back(bench::seconds_of([&] { return A(b); }, kSteps));
    ours.push_back(bench::seconds_of([&] { return gmres(A, b, options); }) / kSteps);
    theirs.push_back(bench::seconds_of([&] { return textbook_gmres(A, b); }) / kSteps);
    state.SetIterationTime(ours.back() * kSteps);
  }
  bench::report_over_limit(
      state, {.ours = bench::median(ours), .libtorch = bench::median(theirs), .limit = bench::median(bare)});
}
BENCHMARK(gmres_step)
    ->ArgNames({"rows", "width"})
    ->Args({1, 64})
    ->Args({64, 64})
    ->Args({64, 512})
    ->Args({256, 1024})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Arguments: rows, width, vectors of the basis. GB/s counts one read of it.
void gmres_orthogonalise(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const std::int64_t rows = state.range(0), width = state.range(1), count = state.range(2);
  const Tensor q = std::get<0>(at::linalg_qr(at::randn({rows, width, count})));
  const Tensor whole = at::zeros({rows, kSteps + 1, width}), V = whole.narrow(1, 0, count);
  V.copy_(q.transpose(1, 2));
  const Tensor w = at::randn({rows, width}), stream = V.clone(at::MemoryFormat::Contiguous);
  std::vector<double> read, ours, theirs;
  for (auto _ : state) {
    ours.push_back(bench::seconds_of(
        [&] {
          Tensor left = w;
          return orthogonalise(left, V);
        },
        kSteps));
    theirs.push_back(bench::seconds_of(
        [&] {
          return textbook_orthogonalise(w, V, at::zeros({rows, count, 1}));
        },
        kSteps));
    read.push_back(bench::seconds_of(
        [&] {
          benchmark::DoNotOptimize(bench::read_stream(stream));
          return 0;
        },
        kSteps));
    state.SetIterationTime(ours.back() * kSteps);
  }
  const double seconds = bench::median(ours);
  state.counters["GB/s"] = 1e-9 * static_cast<double>(stream.nbytes()) / seconds;
  bench::report_times_faster(state, {.ours = seconds, .libtorch = bench::median(theirs), .limit = bench::median(read)});
}
BENCHMARK(gmres_orthogonalise)
    ->ArgNames({"rows", "width", "vectors"})
    ->Args({1, 512, 10})
    ->Args({64, 64, 10})
    ->Args({64, 512, 10})
    ->Args({64, 512, 20})
    ->Args({256, 1024, 20})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom::solve
