#include "fathom/nn/equilibrium.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include "fathom/nn/dense_cell.h"

namespace fathom::nn {

namespace {

Tensor injection(std::int64_t in, std::int64_t width) {
  return at::randn({width, in}) / std::sqrt(static_cast<double>(in));
}

State zeros_for(const Tensor& x, const Tensor& weight) {
  return at::zeros({x.size(0), weight.size(0)}, weight.options().requires_grad(false));
}

Tensor identity_like(const Tensor& W) { return at::eye(W.size(0), W.options().requires_grad(false)); }

Tensor resolvent_part(const Tensor& W) { return identity_like(W) - W; }

}  // namespace

ContractiveCell::ContractiveCell(std::int64_t in, std::int64_t width, double L)
    : state_(register_module("state", std::make_shared<SpectralLinear>(width, width, L, /*with_bias=*/false))),
      input_(register_parameter("input", injection(in, width))),
      bias_(register_parameter("bias", at::zeros({width}))) {}

Map ContractiveCell::map(const Tensor& x) const {
  return dense_map(state_->bounded_weight(), at::linear(x, input_, bias_), Activation::tanh);
}

State ContractiveCell::start(const Tensor& x) const { return zeros_for(x, state_->weight); }

MonotoneCell::MonotoneCell(std::int64_t in, std::int64_t width, double margin)
    : state_(register_module("state", std::make_shared<MonotoneLinear>(width, margin))),
      input_(register_parameter("input", injection(in, width))) {}

Map MonotoneCell::map(const Tensor& x) const {
  const Tensor gap = resolvent_part(state_->weight());
  const double K = norm_bound(gap.detach()).item<double>(), step = state_->margin() / (K * K);
  const Tensor c = at::linear(x, input_, state_->bias);
  Map map([gap, step, c](const Tensor& y, const Rows& rows) {
    return at::relu(y - step * (at::linear(y, gap) - rows.of(c)));
  });
  const at::NoGradGuard no_grad;
  pack_dense(map, identity_like(gap) - step * gap, step * c, Activation::relu);  // relu((I - a gap) y + a c)
  return map;
}

State MonotoneCell::start(const Tensor& x) const { return zeros_for(x, input_); }

std::optional<double> MonotoneCell::contraction() const {
  const at::NoGradGuard no_grad;
  const double ratio = state_->margin() / norm_bound(resolvent_part(state_->weight())).item<double>();
  return std::sqrt(std::max(0.0, 1 - ratio * ratio));
}

Equilibrium::Equilibrium(std::shared_ptr<Cell> cell, EquilibriumOptions chosen)
    : options(std::move(chosen)), cell_(register_module("cell", std::move(cell))) {}

diff::Equilibrium Equilibrium::solve(const Tensor& x, const State& y0) const {
  Map map = cell_->map(x);
  if (const std::optional<double> L = cell_->contraction()) map.contracts_by(*L);
  return diff::equilibrium(map, y0.defined() ? y0 : cell_->start(x), options.solver.solver(),
                           options.gradient.gradient(), options.stop);
}

Tensor Equilibrium::forward(const Tensor& x) const { return solve(x).y.only(); }

}  // namespace fathom::nn
