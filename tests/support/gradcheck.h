// Derivatives of a scalar function of tensors against central differences, in float64.
//
//   EXPECT_LT(gradient_error(f, {W, x}), 1e-8);         // first derivatives, with respect to every entry
//   EXPECT_LT(second_derivative_error(f, {W, x}), 1e-7);   // of sum_i <df/dinput_i, r_i> for fixed r_i, mixed ones too
//
// Both are relative to the largest numeric entry. Central differences with h = 1e-5 are off by about h^2 f''' + eps
// |f|/h, 1e-10 for f of order one.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/autograd.h>

#include "fathom/tensor/convert.h"

namespace fathom::testing_support {

using Inputs = std::vector<Tensor>;
using Scalar = std::function<Tensor(const Inputs&)>;  // float64 tensors -> one number

inline Inputs leaves(const Inputs& inputs) {
  Inputs out;
  for (const Tensor& input : inputs) out.push_back(input.detach().clone().requires_grad_(true));
  return out;
}

inline Inputs gradient(const Scalar& f, const Inputs& inputs, bool create_graph = false) {
  Inputs out = torch::autograd::grad({f(inputs)}, inputs, {}, create_graph, create_graph, /*allow_unused=*/true);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!out[i].defined()) out[i] = at::zeros_like(inputs[i]);
  }
  return out;
}

// df/d(inputs[k]) entry by entry.
inline Tensor numeric_gradient(const Scalar& f, const Inputs& inputs, std::size_t k, double h = 1e-5) {
  Inputs moved;
  for (const Tensor& input : inputs) moved.push_back(input.detach().clone());
  for (Tensor& input : moved) input.requires_grad_(true);  // f may differentiate inside
  const Tensor entries = moved[k].detach().view({-1});     // shares storage
  Tensor out = at::zeros_like(entries);
  for (std::int64_t i = 0; i < entries.numel(); ++i) {
    const double before = entries[i].item<double>();
    entries[i].fill_(before + h);
    const double above = f(moved).item<double>();
    entries[i].fill_(before - h);
    const double below = f(moved).item<double>();
    entries[i].fill_(before);
    out[i].fill_((above - below) / (2 * h));
  }
  return out.view(inputs[k].sizes());
}

inline double gradient_error(const Scalar& f, const Inputs& at_inputs) {
  const Inputs inputs = leaves(at_inputs);
  const Inputs exact = gradient(f, inputs);
  double worst = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Tensor numeric = numeric_gradient(f, inputs, k);
    const double difference = (exact[k] - numeric).abs().max().item<double>();
    const double error = difference / std::max(numeric.abs().max().item<double>(), 1e-12);
    if (!(error <= worst)) worst = error;  // NaN stays
  }
  return worst;
}

// <grad f, r> with fixed random r: its gradient is the Hessian of f times r.
inline Scalar directional(const Scalar& f, const Inputs& inputs) {
  Inputs directions;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    directions.push_back(at::cos(at::arange(inputs[i].numel(), inputs[i].options()) * 1.7 + static_cast<double>(i))
                             .view(inputs[i].sizes()));
  }
  return [f, directions](const Inputs& at_inputs) {
    const Inputs gradients = gradient(f, at_inputs, /*create_graph=*/true);
    Tensor sum = at::zeros({}, at_inputs[0].options());
    for (std::size_t i = 0; i < gradients.size(); ++i) sum = sum + (gradients[i] * directions[i]).sum();
    return sum;
  };
}

inline double second_derivative_error(const Scalar& f, const Inputs& inputs) {
  return gradient_error(directional(f, inputs), inputs);
}

}  // namespace fathom::testing_support
