#include "fathom/solve/splitting.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/linalg_matrix_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"
#include "fathom/solve/iterate.h"
#include "fathom/solve/row_tensors.h"
#include "fathom/solve/validate.h"

namespace fathom::solve {

namespace {

constexpr int kNewtonSteps = 12;  // from below quadratic convergence to the rounding of float64 for alpha in [.01, 100]

Tensor activated(const std::string& activation, const Tensor& x) {
  if (activation == "relu") return at::relu(x);
  if (activation == "tanh") return at::tanh(x);
  if (activation == "sigmoid") return at::sigmoid(x);
  return x;
}

// t of (1-alpha) scale tanh(t / width) + alpha t = c by Newton's method from the root of its tangent at 0. The left
// side is odd and concave (alpha < 1) or convex on t > 0, so that the iterates approach the root from one side.
Tensor inverted(double alpha, double scale, double width, const Tensor& c) {
  const double slope = (1 - alpha) * scale / width;
  Tensor t = c / (slope + alpha);
  for (int step = 0; step < kNewtonSteps; ++step) {
    const Tensor tanh = at::tanh(t / width);
    t = t - ((1 - alpha) * scale * tanh + alpha * t - c) / (slope * (1 - tanh * tanh) + alpha);
  }
  return t;
}

// G, which remembers W z + inj of the point it was last asked for: the step of forward_backward starts from it.
struct Remembered {
  Tensor weight_t, injection;
  std::string activation;
  Tensor before_activation;

  Tensor operator()(const Tensor& z, const Rows& rows) {
    before_activation = at::addmm(rows.of(injection), z, weight_t);
    return activated(activation, before_activation);
  }
};

class SplittingMethod final : public Method {
 public:
  SplittingMethod(const Remembered& cell, Layout layout, double alpha, Tensor resolvent)
      : cell_(cell),
        layout_(std::move(layout)),
        alpha_(alpha),
        resolvent_t_(resolvent.defined() ? resolvent.t() : resolvent),
        injection_(cell.injection) {}

  void measure(std::span<const LiveRow> rows, const Tensor& z, const Tensor& g,
               std::vector<Squares>& squares) override {
    write_squares(rows, layout_, g - z, g, squares);
  }

  void advance(std::span<LiveRow> rows, const std::vector<double>&, const Tensor&, const Tensor& z, const Tensor&,
               const Tensor& best) override {
    copy_improved(rows, z, best);
    const Tensor forward = (1 - alpha_) * z + alpha_ * cell_.before_activation;
    if (resolvent_t_.defined())
      reflect(z, forward);
    else
      u_ = forward;
    copy_running(rows, proximal(cell_.activation, alpha_, u_), z);
  }

  void gather(const Tensor& slots) override {
    u_ = u_.index_select(0, slots);
    injection_ = injection_.index_select(0, slots);
  }

 private:
  // u as it would be if z were the equilibrium to begin with, then Peaceman-Rachford.
  void reflect(const Tensor& z, const Tensor& forward) {
    if (!u_.defined()) u_ = forward;
    const Tensor reflected = 2 * z - u_;
    u_ = 2 * at::mm(reflected + alpha_ * injection_, resolvent_t_) - reflected;
  }

  const Remembered& cell_;
  Layout layout_;
  double alpha_;
  Tensor resolvent_t_;  // undefined for forward_backward
  Tensor injection_;    // (slots, D)
  Tensor u_;            // (slots, D)
};

void check(const MonotoneCell& cell) {
  const Tensor& W = cell.weight;
  if (!W.defined() || W.dim() != 2 || W.size(0) != W.size(1) || !at::isFloatingType(W.scalar_type())) {
    base::fail("solve::MonotoneSolver", "weight must be a floating (D, D) matrix");
  }
  for (const char* known : {"relu", "tanh", "sigmoid", "identity"}) {
    if (cell.activation == known) return;
  }
  base::fail("solve::MonotoneSolver", "activation = {} violates relu|tanh|sigmoid|identity", cell.activation);
}

}  // namespace

Tensor proximal(const std::string& activation, double alpha, const Tensor& u) {
  if (alpha == 1 || activation == "relu" || activation == "identity") return activated(activation, u);
  if (activation == "tanh") return at::tanh(inverted(alpha, 1, 1, u));
  // sigmoid(t) = 1/2 + tanh(t/2) / 2
  return at::sigmoid(inverted(alpha, 0.5, 2, u - 0.5 * (1 - alpha)));
}

Tensor monotone_weight(const Tensor& A, const Tensor& B, double margin) {
  if (!(margin > 0 && margin <= 1)) base::fail("solve::monotone_weight", "margin = {} violates (0, 1]", margin);
  if (A.dim() != 2 || B.dim() != 2 || B.size(0) != B.size(1) || A.size(1) != B.size(0)) {
    base::fail("solve::monotone_weight", "A has shape {}, B {}; they must be (k, D) and (D, D)",
               fmt::streamed(A.sizes()), fmt::streamed(B.sizes()));
  }
  return (1 - margin) * at::eye(B.size(0), B.options()) - at::mm(A.t(), A) + B - B.t();
}

MonotoneSolver::MonotoneSolver(const MonotoneCell& cell, const Splitting& options)
    : cell_{cell.weight.defined() ? cell.weight.detach() : cell.weight, cell.activation}, options_(options) {
  validate(options);
  check(cell_);
  const Tensor W = cell_.weight.to(at::kDouble), identity = at::eye(W.size(0), W.options());
  margin_ = 1 - at::linalg_eigvalsh((W + W.t()) / 2).max().item<double>();
  if (!(margin_ > 0)) {
    base::fail("solve::MonotoneSolver", "the margin of weight = {:.3g} violates > 0; build it with monotone_weight",
               margin_);
  }
  lipschitz_ = at::linalg_matrix_norm(identity - W, 2).item<double>();
  const bool forward = options.method == "forward_backward";
  const double most = 2 * margin_ / (lipschitz_ * lipschitz_);
  alpha_ = options.alpha > 0 ? options.alpha : forward ? most / 2 : 1 / lipschitz_;
  if (forward && alpha_ >= most) {
    base::fail("solve::MonotoneSolver", "alpha = {} violates < 2m/L^2 = {:.3g} of forward_backward", alpha_, most);
  }
  if (!forward) resolvent_ = at::linalg_inv(identity + alpha_ * (identity - W)).to(cell_.weight.scalar_type());
}

double MonotoneSolver::rate() const {
  const double am = alpha_ * margin_, al = alpha_ * lipschitz_;
  const double square = resolvent_.defined() ? 1 - 4 * am / (1 + 2 * am + al * al) : 1 - 2 * am + al * al;
  return std::sqrt(std::max(square, 0.0));
}

Map MonotoneSolver::map(const Tensor& injection) const {
  return Map([W = cell_.weight.t(), injection, activation = cell_.activation](const Tensor& z, const Rows& rows) {
    return activated(activation, at::addmm(rows.of(injection), z, W));
  });
}

Solution MonotoneSolver::solve(const Tensor& injection, const Tensor& z0, const Stop& stop, const Loop& loop,
                               const TraceOptions& trace) const {
  validate(stop);
  validate(loop);
  if (!injection.defined() || !z0.defined() || injection.sizes() != z0.sizes() || z0.dim() != 2 ||
      z0.size(1) != cell_.weight.size(0)) {
    base::fail("solve::MonotoneSolver::solve", "injection and z0 must both be (B, {})", cell_.weight.size(0));
  }
  Remembered cell{cell_.weight.t(), injection.detach(), cell_.activation, {}};
  const Map watched([&cell](const Tensor& z, const Rows& rows) { return cell(z, rows); });
  SplittingMethod method(cell, Layout(State(z0)), alpha_, resolvent_);
  return iterate(watched, z0, method, stop, loop, trace);
}

}  // namespace fathom::solve
