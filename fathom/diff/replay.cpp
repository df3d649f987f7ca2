#include "fathom/diff/replay.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/variable.h>

#include "fathom/base/error.h"

namespace fathom::diff {

using torch::autograd::variable_list;

Replay::Replay(Map map, State layout) : map_(std::move(map)), layout_(layout.detach()) {}

// The view makes the result a node of this call even where G hands out a captured tensor as it is.
Tensor Replay::call(const Tensor& y) const {
  const State g = map_(layout_.with_flat(y), Rows());
  if (!g.same_layout(layout_)) {
    base::fail("diff::equilibrium", "G changed the shape of its state; a fixed point needs G(y) shaped like y");
  }
  const Tensor flat = g.flat();
  return flat.view_as(flat);
}

Tensor Replay::again(const Tensor& y) const {
  const at::NoGradGuard no_grad;
  return call(y.detach());
}

Tensor Replay::step(const Tensor& y) {
  if (known_ || !at::GradMode::is_enabled()) return again(y);
  leaves_.push_back(y.detach().requires_grad_(true));
  learnt_.push_back(call(leaves_.back()));
  const Tensor value = learnt_.back().detach();
  if (learnt_.size() == 2) {
    captures_ = shared({learnt_[0]}, {learnt_[1]});
    private_leaves_ =
        has_private_leaves({learnt_[0]}, {learnt_[1]}, {torch::autograd::impl::gradient_edge(leaves_[0])});
    learnt_.clear();
    leaves_.clear();
    known_ = true;
  }
  return value;
}

Replay::Recording Replay::record(const Tensor& y, const Program& program) const {
  const at::AutoGradMode enable(true);
  const std::uint64_t since = next_node_number();
  const Tensor leaf = y.detach().requires_grad_(true);
  const Tensor value = program(leaf, [this](const Tensor& at) { return call(at); });
  const Edge end = torch::autograd::impl::gradient_edge(leaf);
  Recording recording{value, cut_at({value}, {end}, captures_, since, private_leaves_)};
  recording.boundary.inner.insert(recording.boundary.inner.begin(), end);
  recording.boundary.outer.insert(recording.boundary.outer.begin(), Edge());
  return recording;
}

Taped Replay::tape(const Tensor& y) const {
  const Recording recording = record(y, [](const Tensor& leaf, const auto& G) { return G(leaf); });
  return {recording.value.detach(), recording.value, recording.boundary.inner};
}

Replayed::Replayed(Replay replay, const Tensor& y0) : replay_(std::move(replay)), y0_(y0.detach()) {
  add_next_edge(y0.requires_grad() ? torch::autograd::impl::gradient_edge(y0) : Edge());
  for (const Edge& capture : replay_.captures()) add_next_edge(capture);
}

Tensor Replayed::attach(const Tensor& y, const tensor::NodePtr<Replayed>& node) {
  Tensor out = y.detach();
  const auto& edges = node->next_edges();
  if (std::none_of(edges.begin(), edges.end(), [](const Edge& edge) { return edge.is_valid(); })) return out;
  torch::autograd::create_gradient_edge(out, node);
  return out;
}

void Replayed::release_variables() {
  const std::lock_guard<std::mutex> lock(mutex_);
  y0_.reset();
  release();
}

variable_list Replayed::apply(variable_list&& cotangents) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Tensor& v = cotangents[0];
  if (!v.defined()) return variable_list(num_outputs());
  if (!y0_.defined()) {
    base::fail("diff::equilibrium", "the graph was freed by an earlier backward pass; pass retain_graph to keep it");
  }
  return at::GradMode::is_enabled() ? differentiable(v) : pull_back(v);
}

variable_list Replayed::differentiable(const Tensor& v) {
  Replay::Recording recording = replay_.record(y0_, program());
  recording.boundary.outer = next_edges();
  return substitute(gradients({recording.value}, {v}, recording.boundary.inner, true), recording.boundary);
}

void accumulate(Tensors& sum, const Tensors& terms) {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (terms[i].defined()) sum[i] = sum[i].defined() ? sum[i] + terms[i] : terms[i];
  }
}

}  // namespace fathom::diff
