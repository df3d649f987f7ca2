// Every solver on six kinds of problem. But for the monotone cell they are z -> gain tanh(z) W + x, with x such that a
// small z* is the fixed point: J is then nearly gain W.
#include <algorithm>
#include <functional>
#include <tuple>

#include <ATen/ATen.h>

#include <fmt/format.h>

#include "bench/choose/page.h"
#include "bench/clock.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/splitting.h"
#include "fathom/tensor/device.h"

namespace fathom::bench {

namespace {

constexpr std::int64_t kWidth = 256;
const solve::Stop kStop{.rtol = 1e-5, .max_iter = 1000};

using Run = std::function<Solution()>;

struct Contender {
  std::string name;
  Run run;
};

struct Problem {
  std::string title;
  Map map;
  Tensor start;
  std::vector<Contender> own;  // solvers that this problem alone can use
};

Tensor orthogonal() { return std::get<0>(at::linalg_qr(at::randn({kWidth, kWidth}))); }

// Symmetric, eigenvalues spread evenly over [low, high].
Tensor spread(double low, double high) {
  const Tensor q = orthogonal();
  return at::mm(q * at::linspace(low, high, kWidth), q.t());
}

// `gain` (B, 1).
Problem cell(const std::string& title, const Tensor& weight, const Tensor& gain) {
  const Tensor solution = .2 * at::randn({gain.size(0), kWidth});
  const Tensor x = solution - gain * at::mm(at::tanh(solution), weight);
  const Map map([=](const Tensor& z, const Rows& rows) {
    return at::mm(at::tanh(z), weight).mul_(rows.of(gain)).add_(rows.of(x));
  });
  return {title, map, at::zeros_like(x), {}};
}

Problem cell(const std::string& title, const Tensor& weight) { return cell(title, weight, at::ones({64, 1})); }

// Most rows contract by .5, a few by up to .995.
Problem mixed_batch() {
  const Tensor u = at::rand({256, 1});
  return cell("Mixed batch: gains from .5 to .995, few of them large", spread(-1, 1), 1 - .5 * at::pow(.01, u.pow(4)));
}

Problem monotone() {
  const Tensor a = at::randn({kWidth, kWidth}) / 16, b = at::randn({kWidth, kWidth}) / 8;
  const Tensor weight = solve::monotone_weight(a, b, .1), injection = at::randn({64, kWidth});
  const Tensor start = at::zeros_like(injection);
  Problem problem{"Monotone: relu(W z + x), W = .9 I - A'A + B - B'",
                  solve::MonotoneSolver({weight, "relu"}).map(injection),
                  start,
                  {}};
  for (const char* method : {"peaceman_rachford", "forward_backward"}) {
    const solve::MonotoneSolver solver({weight, "relu"}, {.method = method});
    problem.own.push_back({std::string("splitting, ") + method, [=] { return solver.solve(injection, start, kStop); }});
  }
  return problem;
}

std::vector<Problem> problems() {
  tensor::seed(kSeed);
  return {cell("Easy: eigenvalues in [-.5, .5]", spread(-.5, .5)),
          cell("Slow: eigenvalues in [-.99, .99]", spread(-.99, .99)),
          cell("Rotation: W orthogonal times .9", .9 * orthogonal()),
          mixed_batch(),
          cell("Expanding: eigenvalues in [-3, .5]", spread(-3, .5)),
          monotone()};
}

std::vector<Contender> contenders(const Problem& problem) {
  std::vector<Contender> all;
  const auto add = [&](const std::string& name, const solve::Solver& solver) {
    all.push_back({name, [&problem, solver] { return solve::fixed_point(problem.map, problem.start, solver, kStop); }});
  };
  add("picard", solve::Picard{});
  add("picard, damping .5", solve::Picard{.damping = .5});
  add("anderson", solve::Anderson{});
  add("anderson, depth 10", solve::Anderson{.depth = 10});
  add("anderson, type 1", solve::Anderson{.type = 1});
  add("broyden", solve::Broyden{});
  add("newton_krylov", solve::NewtonKrylov{});
  add("escalate", solve::Escalate{});
  add("reversible", solve::Reversible{});
  all.insert(all.end(), problem.own.begin(), problem.own.end());
  return all;
}

std::vector<std::string> row_of(const Contender& contender, double bare) {
  const Solution s = contender.run();
  std::vector<std::int64_t> iterations = s.iterations;
  std::sort(iterations.begin(), iterations.end());
  const double seconds = median_seconds(contender.run, .3);
  return {contender.name,
          std::to_string(iterations[iterations.size() / 2]),
          std::to_string(iterations.back()),
          std::to_string(s.calls),
          std::to_string(s.product_calls),
          short_number(1e3 * seconds),
          short_number(seconds / bare),
          fmt::format("{} of {}", s.count(solve::Status::converged), iterations.size())};
}

base::Table table_of(const Problem& problem) {
  base::Table table{
      problem.title,
      {"solver", "iterations, median row", "worst row", "calls of G", "products J v", "ms", "f", "rows converged"},
      {}};
  const double bare = [&] {
    const at::NoGradGuard no_grad;
    return median_seconds([&] { return problem.map(problem.start); }, .2);
  }();
  for (const Contender& contender : contenders(problem)) table.rows.push_back(row_of(contender, bare));
  return table;
}

}  // namespace

std::vector<base::Table> solver_tables() {
  std::vector<base::Table> tables;
  for (const Problem& problem : problems()) tables.push_back(table_of(problem));
  return tables;
}

}  // namespace fathom::bench
