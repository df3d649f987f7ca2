// A gradient through an equilibrium: y* = tanh(W y* + x), and dL/dW by the implicit function theorem.
#include <cstdio>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tanh.h>

#include "fathom/diff/equilibrium.h"
#include "fathom/tensor/device.h"

int main() {
  using namespace fathom;
  tensor::seed(0);
  const Tensor x = at::randn({32, 64});  // 32 samples
  const Tensor w = (0.05 * at::randn({64, 64})).requires_grad_(true);
  const Map g([&](const Tensor& y, const Rows& rows) { return at::tanh(at::linear(y, w) + rows.of(x)); });

  const diff::Equilibrium e = equilibrium(g, 0 * x, solve::Anderson{}, diff::Implicit{}, {.rtol = 1e-6});
  e.y.only().square().mean().backward();  // memory: one G, however many iterations

  std::printf("%s\n", e.solution.brief().c_str());
  std::printf("adjoint: worst relative residual %.1e\n", e.adjoint->worst_relative_residual);
  std::printf("||dL/dW|| = %.6f\n", w.grad().norm().item<double>());
}
