// SUNDIALS KINSOL on the problems of problems.py: bench_peers_kinsol FOLDER. Fixed-point iteration, with and without
// Anderson acceleration; the whole batch is one vector, as KINSOL knows no batches. Its real type is double, and so is
// f here, by the same BLAS; costs in bare f stay comparable, milliseconds are of double arithmetic.
//
// KINSOL's own test is of the largest element of the whole vector. To stop at the same residual as everyone else, f
// judges its rows and breaks the iteration off when all have passed.
#include <cmath>
#include <numeric>

#include <cblas.h>
#include <kinsol/kinsol.h>
#include <nvector/nvector_serial.h>
#include <sundials/sundials_config.h>
#include <sundials/sundials_context.h>

#include "bench/clock.h"
#include "bench/peers/problem.h"

namespace fathom::bench {

namespace {

struct Cell {
  int batch, width;
  std::vector<double> weight, injection, gain;
  bool judge = true;  // break off when every row has passed
  std::int64_t calls = 0;
  std::vector<std::int64_t> needed;  // calls of each row until it passed; 0: not yet

  explicit Cell(const Problem& problem, bool has_gain = false)
      : batch(static_cast<int>(problem.batch())),
        width(static_cast<int>(problem.width())),
        weight(io::to_doubles(problem.at("W"))),
        injection(io::to_doubles(problem.at("inj"))),
        gain(has_gain ? io::to_doubles(problem.at("gain")) : std::vector<double>(batch, 1.0)) {}

  std::size_t size() const { return injection.size(); }

  void evaluate(const double* z, double* g) const {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, width, width, 1, z, width, weight.data(), width, 0, g,
                width);
    for (std::size_t i = 0; i < size(); ++i) g[i] = std::tanh(gain[i / width] * g[i] + injection[i]);
  }

  // True when every row has passed.
  bool note(const double* z, const double* g) {
    ++calls;
    bool all = true;
    for (int row = 0; row < batch; ++row) {
      double residual = 0, norm = 0;
      for (int i = row * width; i < (row + 1) * width; ++i) {
        residual += (g[i] - z[i]) * (g[i] - z[i]);
        norm += g[i] * g[i];
      }
      const bool passes = residual <= kRtol * kRtol * norm;
      if (passes && needed[row] == 0) needed[row] = calls;
      all = all && passes;
    }
    return all;
  }
};

int right_side(N_Vector z, N_Vector g, void* data) {
  constexpr int kGoOn = 0, kBreakOff = -1;
  Cell& cell = *static_cast<Cell*>(data);
  cell.evaluate(N_VGetArrayPointer(z), N_VGetArrayPointer(g));
  return cell.judge && cell.note(N_VGetArrayPointer(z), N_VGetArrayPointer(g)) ? kBreakOff : kGoOn;
}

// One problem set up once; solve() starts from z = 0.
class Kinsol {
 public:
  Kinsol(Cell& cell, std::int64_t depth, std::int64_t max_iterations) : cell_(cell) {
    if (SUNContext_Create(nullptr, &context_) != 0) base::fail("bench::Kinsol", "no context");
    z_ = N_VNew_Serial(static_cast<sunindextype>(cell.size()), context_);
    ones_ = N_VNew_Serial(static_cast<sunindextype>(cell.size()), context_);
    N_VConst(1, ones_);
    memory_ = KINCreate(context_);
    KINSetMAA(memory_, depth);
    KINSetNumMaxIters(memory_, max_iterations);
    if (KINInit(memory_, right_side, z_) != KIN_SUCCESS) base::fail("bench::Kinsol", "KINInit failed");
    KINSetUserData(memory_, &cell);
    KINSetFuncNormTol(memory_, 1e-300);
    KINSetErrFile(memory_, nullptr);
    KINSetPrintLevel(memory_, 0);
    KINSetErrHandlerFn(
        memory_, [](int, const char*, const char*, char*, void*) {}, nullptr);
  }
  ~Kinsol() {
    KINFree(&memory_);
    N_VDestroy(z_);
    N_VDestroy(ones_);
    SUNContext_Free(&context_);
  }
  Kinsol(const Kinsol&) = delete;
  Kinsol& operator=(const Kinsol&) = delete;

  std::int64_t solve() {
    cell_.calls = 0;
    cell_.needed.assign(cell_.batch, 0);
    N_VConst(0, z_);
    const int code = KINSol(memory_, z_, KIN_FP, ones_, ones_);
    if (cell_.judge && code != KIN_SYSFUNC_FAIL) base::fail("bench::Kinsol", "not converged, code {}", code);
    if (!cell_.judge && code != KIN_MAXITER_REACHED) base::fail("bench::Kinsol", "stopped early, code {}", code);
    return cell_.calls;
  }
  std::vector<double> row(int index, int width) const {
    const double* start = N_VGetArrayPointer(z_) + static_cast<std::ptrdiff_t>(index) * width;
    return {start, start + width};
  }

 private:
  Cell& cell_;
  SUNContext context_ = nullptr;
  N_Vector z_ = nullptr, ones_ = nullptr;
  void* memory_ = nullptr;
};

struct Method {
  const char* name;
  std::int64_t depth;
};
constexpr Method kMethods[] = {{"picard", 0}, {"anderson", kDepth}};

void ask_cost(const std::filesystem::path& folder, Answers& answers) {
  for (const auto& size : {"1x64", "64x512", "256x1024"}) {
    Cell f(Problem(folder, std::string("cost-") + size));
    f.judge = false;
    std::vector<double> z(f.size()), g(f.size());
    const auto bare = [&] {
      for (std::int64_t i = 0; i < kCostIterations; ++i) {
        f.evaluate(z.data(), g.data());
        z.swap(g);
      }
      return z[0];
    };
    for (const auto& [name, depth] : kMethods) {
      Kinsol kinsol(f, depth, kCostIterations);
      const double seconds = median_seconds([&] { return kinsol.solve(); });
      answers.add("cost", fmt::format("{} {}", size, name), "bare f", seconds / median_seconds(bare));
      answers.add("cost", fmt::format("{} {}", size, name), "us", 1e6 * seconds / kCostIterations);
    }
  }
}

void ask_spread(const std::filesystem::path& folder, Answers& answers) {
  Cell f(Problem(folder, "spread"));
  for (const auto& [name, depth] : kMethods) {
    Kinsol kinsol(f, depth, kMaxIterations);
    answers.add("spread", name, "calls", static_cast<double>(kinsol.solve()));
    answers.add("spread", name, "ms", 1e3 * median_seconds([&] { return kinsol.solve(); }));
  }
}

void ask_hard_row(const std::filesystem::path& folder, Answers& answers) {
  Cell f(Problem(folder, "hard-row"), true);
  for (const auto& [name, depth] : kMethods) {
    Kinsol kinsol(f, depth, kMaxIterations);
    const auto evaluated = static_cast<double>(kinsol.solve() * f.batch);
    const auto needed = static_cast<double>(std::accumulate(f.needed.begin(), f.needed.end(), std::int64_t{0}));
    answers.add("hard row", name, "share wasted", (evaluated - needed) / evaluated);
    answers.add("hard row", name, "ms", 1e3 * median_seconds([&] { return kinsol.solve(); }));
  }
}

void ask_batch_mates(const std::filesystem::path& folder, Answers& answers) {
  const auto solved = [&](int rows) {
    Cell f(Problem(folder, "spread"));
    f.batch = rows;
    f.injection.resize(static_cast<std::size_t>(rows) * f.width);
    Kinsol kinsol(f, kDepth, kMaxIterations);
    kinsol.solve();
    return kinsol.row(0, f.width);
  };
  const std::vector<double> alone = solved(1), among = solved(64);
  double off = 0, norm = 0;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    off += (alone[i] - among[i]) * (alone[i] - among[i]);
    norm += alone[i] * alone[i];
  }
  answers.add("batch-mates", "anderson", "relative difference", std::sqrt(off / norm));
}

}  // namespace

}  // namespace fathom::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: bench_peers_kinsol FOLDER\n");
    return 2;
  }
  try {
    using namespace fathom::bench;
    Answers answers("KINSOL", std::string(SUNDIALS_VERSION) + ", float64");
    ask_cost(argv[1], answers);
    ask_spread(argv[1], answers);
    ask_hard_row(argv[1], answers);
    ask_batch_mates(argv[1], answers);
    answers.print();
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_peers_kinsol: {}\n", error.what());
    return 1;
  }
}
