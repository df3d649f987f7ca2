// Every solver on three blocks z -> W tanh(z) + x of 64 samples and 256 elements: a contraction of factor .9, a stiff
// one of .999, and one that expands by 2. Prints what each solver needed and how it ended.
#include <algorithm>
#include <cstdio>
#include <string>
#include <tuple>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "fathom/solve/fixed_point.h"

using namespace fathom;

// W with eigenvalues spread evenly over [low, high], and x such that a small z* is the fixed point.
Map block(double low, double high) {
  at::manual_seed(1);
  const Tensor Q = std::get<0>(at::linalg_qr(at::randn({256, 256}, at::kDouble)));
  const Tensor W = at::mm(Q * at::linspace(low, high, 256, at::kDouble), Q.t());
  const Tensor solution = .2 * at::randn({64, 256}, at::kDouble);
  const Tensor x = solution - at::mm(at::tanh(solution), W);
  return Map([=](const Tensor& z, const Rows& rows) { return at::addmm(rows.of(x), at::tanh(z), W); });
}

int main() {
  at::set_num_threads(1);
  bool newton_converged = true;
  for (const auto& [low, high] : {std::pair(-.9, .9), std::pair(-.999, .999), std::pair(-2.0, .5)}) {
    std::printf("eigenvalues [%g, %g]\n%-16s %10s %8s %10s %8s  %s\n", low, high, "", "iterations", "calls", "products",
                "ms", "rows converged");
    const Map map = block(low, high);
    for (const std::string name : {"picard", "anderson", "broyden", "newton_krylov", "escalate", "reversible"}) {
      solve::SolverChoice choice;
      choice.method = name;
      const Solution s =
          solve::fixed_point(map, at::zeros({64, 256}, at::kDouble), choice.solver(), {.rtol = 1e-8, .max_iter = 400});
      std::printf("%-16s %10lld %8lld %10lld %8.1f  %lld of 64\n", name.c_str(),
                  static_cast<long long>(*std::max_element(s.iterations.begin(), s.iterations.end())),
                  static_cast<long long>(s.calls), static_cast<long long>(s.product_calls), 1e3 * s.seconds,
                  static_cast<long long>(s.count(solve::Status::converged)));
      if (name == "newton_krylov") newton_converged = newton_converged && s.converged();
    }
  }
  return newton_converged ? 0 : 1;
}
