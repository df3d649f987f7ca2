// The fixed point of cos from a project outside Fathom.
#include <cstdio>

#include <ATen/ops/cos.h>
#include <ATen/ops/zeros.h>

#include <fathom/solve/fixed_point.h>

int main() {
  const fathom::Map cosine([](const fathom::Tensor& y) { return at::cos(y); });
  const fathom::Tensor start = at::zeros({1, 1}, at::kDouble);
  const fathom::Solution solution =
      fathom::solve::fixed_point(cosine, start, fathom::solve::Anderson{.depth = 2}, {.rtol = 1e-12});
  std::printf("y = %.12f\n", solution.require().y.only().item<double>());
}
