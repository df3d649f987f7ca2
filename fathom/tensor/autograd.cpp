#include "fathom/tensor/autograd.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "fathom/base/error.h"

namespace fathom::tensor {

std::vector<Tensor> vjp(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                        const std::vector<Tensor>& cotangents, bool retain_graph, bool create_graph) {
  // Outputs without a graph contribute nothing, and autograd refuses them.
  std::vector<Tensor> reached, weights;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad()) continue;
    reached.push_back(outputs[i]);
    weights.push_back(cotangents[i]);
  }
  std::vector<Tensor> gradients(inputs.size());
  if (!reached.empty()) {
    gradients = torch::autograd::grad(reached, inputs, weights, retain_graph, create_graph, /*allow_unused=*/true);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = at::zeros_like(inputs[i]);
  }
  return gradients;
}

void Linearization::tape(const std::function<State(const State&)>& f, const State& y) {
  at::AutoGradMode enable(true);
  y_flat_ = y.flat().detach().requires_grad_(true);
  y_ = y.with_flat(y_flat_);
  taped_ = f(y_);
  g_flat_ = taped_.flat();
  value_ = taped_.detach();
}

Linearization::Linearization(const Map& map, const State& y, const Rows& rows) {
  tape([&](const State& at) { return map(at, rows); }, y);
  if (!taped_.same_layout(y_)) {
    base::fail("tensor::Linearization", "G changed the shape of its state; a fixed point needs G(y) shaped like y");
  }
}

Linearization Linearization::of(const std::function<State(const State&)>& f, const State& x) {
  Linearization linearization;
  linearization.tape(f, x);
  if (linearization.value_.batch() != x.batch()) {
    base::fail("tensor::Linearization", "f(x) has {} samples but x has {}; both share the batch",
               linearization.value_.batch(), x.batch());
  }
  return linearization;
}

Tensor Linearization::vjp(const Tensor& cotangent) const {
  return tensor::vjp({g_flat_}, {y_flat_}, {cotangent}, /*retain_graph=*/true)[0].detach();
}

Tensor Linearization::jvp(const Tensor& tangent) const {
  if (!dual_.defined()) {
    // w -> w'J is linear, so its own vjp at any w is J: the double-backward trick.
    at::AutoGradMode enable(true);
    dual_ = at::zeros_like(g_flat_).requires_grad_(true);
    dual_vjp_ = tensor::vjp({g_flat_}, {y_flat_}, {dual_}, true, /*create_graph=*/true)[0];
  }
  return tensor::vjp({dual_vjp_}, {dual_}, {tangent}, /*retain_graph=*/true)[0].detach();
}

}  // namespace fathom::tensor
