// Fathom's side of the comparison with its peers: bench_peers_fathom FOLDER, where problems.py has written the
// problems. Prints JSON. Processor time of one thread.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "bench/clock.h"
#include "bench/peers/problem.h"
#include "fathom/diff/equilibrium.h"
#include "fathom/nn/dense_cell.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::bench {

namespace {

Tensor tensor_of(const Problem& problem, const std::string& array, at::ScalarType type = at::kFloat) {
  const io::TensorRecord& record = problem.at(array);
  return tensor::from_doubles(io::to_doubles(record), record.shape, type);
}

// f(z) = tanh(z W + inj).
struct Cell {
  Tensor weight, injection;

  explicit Cell(const Problem& problem) : weight(tensor_of(problem, "W")), injection(tensor_of(problem, "inj")) {}
  Tensor operator()(const Tensor& z, const Rows& rows = {}) const {
    return at::addmm(rows.of(injection), z, weight).tanh_();
  }
  Tensor start() const { return at::zeros_like(injection); }
  Map packed() const { return nn::dense_map(weight.t(), injection, nn::Activation::tanh); }
};

// Two ways to write the same f: as libtorch's operations, and as a cell with packed weights.
struct Form {
  std::string suffix;  // of the case; run.py sets both beside the peer's one
  Map map;
};
std::vector<Form> forms(const Cell& f) { return {{"", Map(f)}, {", packed", f.packed()}}; }

struct Named {
  std::string name;
  solve::Solver solver;
};
const std::vector<Named>& solvers() {
  static const std::vector<Named> both = {{"picard", solve::Picard{}}, {"anderson", solve::Anderson{.depth = kDepth}}};
  return both;
}

void ask_cost(const std::filesystem::path& folder, Answers& answers) {
  for (const auto& size : {"1x64", "64x512", "256x1024"}) {
    const at::NoGradGuard no_grad;
    const Cell f(Problem(folder, std::string("cost-") + size));
    const Tensor start = f.start();
    const auto bare = [&] {
      Tensor z = start;
      for (std::int64_t i = 0; i < kCostIterations; ++i) z = f(z);
      return z;
    };
    const solve::Stop stop{.rtol = 0, .max_iter = kCostIterations, .patience = kCostIterations};
    for (const auto& [name, solver] : solvers()) {
      for (const auto& [suffix, map] : forms(f)) {
        const double seconds = median_seconds([&] { return solve::fixed_point(map, start, solver, stop).calls; });
        const std::string asked = fmt::format("{} {}{}", size, name, suffix);
        if (suffix.empty()) answers.add("cost", asked, "bare f", seconds / median_seconds(bare));
        answers.add("cost", asked, "us", 1e6 * seconds / kCostIterations);
      }
    }
  }
}

void ask_spread(const std::filesystem::path& folder, Answers& answers) {
  const Cell f(Problem(folder, "spread"));
  for (const auto& [name, solver] : solvers()) {
    for (const auto& [suffix, map] : forms(f)) {
      const auto run = [&, &solver = solver, &map = map] {
        return solve::fixed_point(map, f.start(), solver, {.rtol = kRtol, .max_iter = kMaxIterations});
      };
      // Evaluations that the slowest row needs: the calls of a batch solved as one, whatever tiles it is solved in.
      const std::vector<std::int64_t> needed = run().require().iterations;
      answers.add("spread", name + suffix, "calls",
                  static_cast<double>(*std::max_element(needed.begin(), needed.end())));
      answers.add("spread", name + suffix, "ms", 1e3 * median_seconds(run));
    }
  }
}

// Calls of rows beyond each row's own need, as a share of all.
double wasted(const Solution& solution) {
  std::int64_t needed = 0;
  for (const std::int64_t iterations : solution.iterations) needed += iterations;
  return static_cast<double>(solution.rows_evaluated - needed) / static_cast<double>(solution.rows_evaluated);
}

void ask_hard_row(const std::filesystem::path& folder, Answers& answers) {
  const Problem problem(folder, "hard-row");
  const Tensor weight = tensor_of(problem, "W"), injection = tensor_of(problem, "inj"),
               gain = tensor_of(problem, "gain");
  const Map map([&](const Tensor& z, const Rows& rows) {
    return at::mm(z, weight).mul_(rows.of(gain)).add_(rows.of(injection)).tanh_();
  });
  for (const auto& [name, solver] : solvers()) {
    const auto run = [&, &solver = solver] {
      return solve::fixed_point(map, at::zeros_like(injection), solver, {.rtol = kRtol, .max_iter = kMaxIterations});
    };
    answers.add("hard row", name, "share wasted", wasted(run().require()));
    answers.add("hard row", name, "ms", 1e3 * median_seconds(run));
  }
}

struct Training {
  Tensor weight, injection, loss_weight, exact;

  explicit Training(const Problem& problem)
      : weight(tensor_of(problem, "W").requires_grad_(true)),
        injection(tensor_of(problem, "inj")),
        loss_weight(tensor_of(problem, "c")),
        exact(tensor_of(problem, "dW", at::kDouble)) {}

  Tensor gradient(double scale, double rtol) {
    weight.mutable_grad().reset();
    const Map f(
        [this](const Tensor& z, const Rows& rows) { return at::tanh(at::addmm(rows.of(injection), z, weight)); });
    const diff::Equilibrium e = diff::equilibrium(f, at::zeros_like(injection), solve::Anderson{.depth = kDepth},
                                                  diff::Implicit{.rtol = rtol}, {.rtol = rtol});
    (e.y.only() * loss_weight).sum().mul(scale).backward();
    return weight.grad();
  }
  double error(double scale, double rtol) {
    return ((gradient(scale, rtol).to(at::kDouble) / scale - exact).norm() / exact.norm()).item<double>();
  }
};

void ask_training(const std::filesystem::path& folder, Answers& answers) {
  Training training(Problem(folder, "training"));
  answers.add("gradient", "loss", "relative error", training.error(1, kTightRtol));
  answers.add("gradient", "loss x 1e-7", "relative error", training.error(kSmallLoss, kTightRtol));
  answers.add("training step", "anderson", "relative error", training.error(1, kRtol));
  answers.add("training step", "anderson", "ms", 1e3 * median_seconds([&] { return training.gradient(1, kRtol); }));
}

void ask_batch_mates(const std::filesystem::path& folder, Answers& answers) {
  const Cell f(Problem(folder, "spread"));
  const auto solved = [&](std::int64_t rows) {
    Cell part = f;
    part.injection = f.injection.narrow(0, 0, rows).contiguous();
    return solve::fixed_point(Map(part), part.start(), solve::Anderson{.depth = kDepth}, {.rtol = kRtol}).y.only()[0];
  };
  const Tensor alone = solved(1), among = solved(64);
  answers.add("batch-mates", "anderson", "relative difference", ((alone - among).norm() / alone.norm()).item<double>());
}

void ask_all(const std::filesystem::path& folder) {
  tensor::set_threads(1);
  Answers answers("Fathom", "libtorch " + tensor::libtorch_version());
  ask_cost(folder, answers);
  ask_spread(folder, answers);
  ask_hard_row(folder, answers);
  ask_training(folder, answers);
  ask_batch_mates(folder, answers);
  answers.print();
}

}  // namespace

}  // namespace fathom::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: bench_peers_fathom FOLDER\n");
    return 2;
  }
  try {
    fathom::bench::ask_all(argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_peers_fathom: {}\n", error.what());
    return 1;
  }
}
