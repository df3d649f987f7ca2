// The smallest fixed point: y = cos(y), for a batch of starts.
#include <cstdio>

#include <ATen/ops/cos.h>
#include <ATen/ops/linspace.h>

#include "fathom/solve/fixed_point.h"

int main() {
  using namespace fathom;
  const Map g([](const Tensor& y) { return at::cos(y); });
  const Tensor starts = at::linspace(-3, 3, 7, at::kDouble).view({7, 1});  // seven problems, one unknown each

  for (const solve::Solver& solver : {solve::Solver(solve::Picard{}), solve::Solver(solve::Anderson{.depth = 2})}) {
    const Solution s = solve::fixed_point(g, starts, solver, {.rtol = 1e-12});
    std::printf("y = %.12f  %s\n", s.y.only()[0].item<double>(), s.require().brief().c_str());
  }
}
