#include "fathom/domain/pde/paper_anderson.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"

namespace fathom::pde {

namespace {

constexpr double kStop = 1e-9;  // absolute; the original sets it whatever its options say

// The weights a (B, n) of the pairs x, f (B, n, D).
Tensor mixing_weights(const Tensor& x, const Tensor& f, double ridge) {
  const std::int64_t batch = x.size(0), n = x.size(1);
  const Tensor g = f - x;
  Tensor bordered = at::zeros({batch, n + 1, n + 1}, x.options());
  bordered.narrow(1, 0, 1).narrow(2, 1, n).fill_(1);
  bordered.narrow(1, 1, n).narrow(2, 0, 1).fill_(1);
  bordered.narrow(1, 1, n).narrow(2, 1, n).copy_(at::bmm(g, g.transpose(1, 2)) + ridge * at::eye(n, x.options()));
  Tensor right = at::zeros({batch, n + 1, 1}, x.options());
  right.narrow(1, 0, 1).fill_(1);
  return at::linalg_solve(bordered, right).narrow(1, 1, n).squeeze(2);
}

double length(const Tensor& v) { return at::linalg_vector_norm(v).item<double>(); }

}  // namespace

PaperSolution paper_anderson(const std::function<Tensor(const Tensor&)>& f, const Tensor& z0,
                             const PaperAnderson& options, const std::function<void(const Tensor&)>& watch) {
  base::require(options.threshold >= 0, "pde::paper_anderson", "threshold", options.threshold, ">= 0",
                "it counts evaluations");
  base::require(options.depth >= 1, "pde::paper_anderson", "depth", options.depth, ">= 1", "keep a pair or more");
  const at::NoGradGuard no_grad;
  PaperSolution solution{.z = z0};
  if (options.threshold <= 2) return solution;
  const std::int64_t batch = z0.size(0), m = options.depth, size = z0.numel() / batch;
  const auto flat_f = [&](const Tensor& x) { return f(x.view(z0.sizes())).reshape({batch, size}); };
  const Tensor x = at::zeros({batch, m, size}, z0.options()), y = at::zeros({batch, m, size}, z0.options());
  const auto put = [&](std::int64_t k, const Tensor& at_k) {
    x.select(1, k % m).copy_(at_k);
    y.select(1, k % m).copy_(flat_f(at_k));
  };
  put(0, z0.reshape({batch, size}));
  put(1, y.select(1, 0).clone());
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t k = 2; k < options.threshold && least >= kStop; ++k) {
    const std::int64_t n = std::min(k, m);
    const Tensor a = mixing_weights(x.narrow(1, 0, n), y.narrow(1, 0, n), options.ridge);
    put(k, at::bmm(a.unsqueeze(1), y.narrow(1, 0, n)).squeeze(1));
    const double residual = length(y.select(1, k % m) - x.select(1, k % m));
    solution.residual.push_back(residual);
    solution.relative.push_back(residual / (1e-5 + length(y.select(1, k % m))));
    if (residual < least) {
      least = residual;
      solution.best = k;
      solution.z = x.select(1, k % m).clone().view(z0.sizes());
    }
    if (watch) watch(solution.z);
  }
  return solution;
}

}  // namespace fathom::pde
