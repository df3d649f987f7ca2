#include "fathom/diff/implicit.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/saved_variable.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/diff/tape.h"
#include "fathom/tensor/node.h"

namespace fathom::diff {

namespace {

using torch::autograd::Node;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

Tensor defined_or_zeros(const Tensor& gradient, const Tensor& like) {
  return gradient.defined() ? gradient : at::zeros_like(like);
}

// A row below the rounding floor of its dtype is as good as it gets, whatever was asked.
bool worth_a_warning(const AdjointSolution& adjoint, const Tensor& v, const Adjoint& options) {
  if (adjoint.report.converged()) return false;
  const std::vector<double> floor = rounding_floor(adjoint.u, v);
  for (std::size_t row = 0; row < floor.size(); ++row) {
    const double residual = adjoint.report.relative_residual[row];
    if (!(residual <= std::max(tolerance(options), floor[row]))) return true;
  }
  return false;
}

// v -> u' dG/d(captures).
class Equilibrium : public Node {
 public:
  Equilibrium(Tensor y, Tensor g, Boundary captures, Adjoint options, AdjointLog log,
              std::shared_ptr<const PackedVjp> packed)
      : Node(std::move(captures.outer)),
        leaf_(torch::autograd::impl::gradient_edge(y)),
        y_(std::move(y)),
        g_(std::move(g)),
        sinks_(std::move(captures.inner)),
        options_(std::move(options)),
        log_(std::move(log)),
        packed_(std::move(packed)) {}

  // The output is saved without its graph, which is this node: no cycle.
  void save(const Tensor& output) { output_ = SavedVariable(output, /*is_output=*/true); }

  std::string name() const override { return "fathom::diff::Equilibrium"; }
  void release_variables() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    g_.reset();
    y_.reset();
    packed_.reset();
    output_.reset_data();
  }

 private:
  variable_list apply(variable_list&& cotangents) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Tensor& v = cotangents[0];
    if (!v.defined()) return variable_list(num_outputs());
    if (!g_.defined()) {
      base::fail("diff::equilibrium", "the graph was freed by an earlier backward pass; pass retain_graph to keep it");
    }
    const Tensor u = solve(v);
    return at::GradMode::is_enabled() ? differentiable(v, u) : gradients({g_}, {u}, sinks_, false);
  }

  Tensor solve(const Tensor& v) {
    const auto vjp = [&](const Tensor& w) { return defined_or_zeros(gradients({g_}, {w}, {leaf_}, false)[0], w); };
    AdjointSolution adjoint = packed_ ? solve_adjoint(*packed_, v, options_) : solve_adjoint(vjp, v, options_);
    adjoint.report.message += log_.note;
    if (worth_a_warning(adjoint, v, options_)) {
      base::warn("[diff::equilibrium] {} The gradient is approximate; {}.", adjoint.report.message,
                 std::holds_alternative<Neumann>(options_)
                     ? "the series grows: take one term or the implicit gradient"
                     : "raise adjoint max_iter, try gmres, or solve forward further");
    }
    log_.write(std::move(adjoint.report));
    return adjoint.u;
  }

  // The same with a graph: first with y a constant (the leaf), then with y*(captures) in its place.
  variable_list differentiable(const Tensor& v, const Tensor& u) {
    const Tensor w = u.detach().requires_grad_(true);
    const Tensor product = gradients({g_}, {w}, {leaf_}, true)[0];
    const Tensor next = product.defined() ? v + product : v;
    const Tensor attached = attach_implicit(w, next, options_);

    Boundary boundary{{leaf_}, {torch::autograd::impl::gradient_edge(output_.unpack(tensor::pointer_to(this)))}};
    boundary.inner.insert(boundary.inner.end(), sinks_.begin(), sinks_.end());
    boundary.outer.insert(boundary.outer.end(), next_edges().begin(), next_edges().end());
    return substitute(gradients({g_}, {attached}, sinks_, true), boundary);
  }

  Edge leaf_;
  Tensor y_, g_;
  EdgeList sinks_;
  SavedVariable output_;
  Adjoint options_;
  AdjointLog log_;
  std::shared_ptr<const PackedVjp> packed_;
};

}  // namespace

void AdjointLog::write(AdjointReport adjoint) const {
  AdjointReport whole = adjoint;
  if (batch >= 0) {
    whole.status.assign(batch, solve::Status::nonfinite);
    whole.relative_residual.assign(batch, std::numeric_limits<double>::quiet_NaN());
    whole.iterations.assign(batch, 0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      whole.status[rows[i]] = adjoint.status[i];
      whole.relative_residual[rows[i]] = adjoint.relative_residual[i];
      whole.iterations[rows[i]] = adjoint.iterations[i];
    }
  }
  *report = std::move(whole);
}

Tensor attach_implicit(const Tensor& y, const Tensor& g, const Adjoint& options, AdjointLog log,
                       std::shared_ptr<const PackedVjp> packed) {
  const EdgeList leaf{torch::autograd::impl::gradient_edge(y)};
  Boundary captures = cut({g}, leaf);
  if (!captures.reached) return g;
  Tensor out = y.detach().clone();
  if (captures.outer.empty()) return out;
  const auto node =
      tensor::make_node<Equilibrium>(y, g, std::move(captures), options, std::move(log), std::move(packed));
  torch::autograd::create_gradient_edge(out, node);
  node->save(out);
  return out;
}

}  // namespace fathom::diff
