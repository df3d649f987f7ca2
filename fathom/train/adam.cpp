#include "fathom/train/adam.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros_like.h>

namespace fathom::train {

namespace {

Tensor real_view(const Tensor& tensor) { return tensor.is_complex() ? at::view_as_real(tensor) : tensor; }

}  // namespace

Adam::Adam(std::vector<Tensor> parameters, const AdamOptions& options, std::vector<bool> paired)
    : options_(options), paired_(std::move(paired)), parameters_(std::move(parameters)) {
  at::NoGradGuard no_grad;
  paired_.resize(parameters_.size());
  for (const Tensor& parameter : parameters_) {
    first_.push_back(at::zeros_like(real_view(parameter)));
    second_.push_back(at::zeros_like(real_view(parameter)));
  }
}

void Adam::zero_grad() {
  for (Tensor& parameter : parameters_) parameter.mutable_grad() = Tensor();
}

void Adam::step(double lr) {
  at::NoGradGuard no_grad;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double step_size = lr / (1 - std::pow(options_.beta1, t));
  const double root_correction = std::sqrt(1 - std::pow(options_.beta2, t));
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) continue;
    Tensor gradient = real_view(parameters_[i].grad());
    if (options_.weight_decay > 0) gradient = gradient.add(real_view(parameters_[i]), options_.weight_decay);
    first_[i].mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
    second_[i].mul_(options_.beta2);
    if (paired_[i]) {
      second_[i].add_(gradient.square().sum(-1, true), 1 - options_.beta2);
    } else {
      second_[i].addcmul_(gradient, gradient, 1 - options_.beta2);
    }
    const Tensor denominator = at::sqrt(second_[i]).div_(root_correction).add_(options_.eps);
    real_view(parameters_[i]).addcdiv_(first_[i], denominator, -step_size);
  }
}

double Adam::gradient_norm() const {
  double square = 0;
  for (const Tensor& parameter : parameters_) {
    if (!parameter.grad().defined()) continue;
    const double norm = at::linalg_vector_norm(real_view(parameter.grad())).item<double>();
    square += norm * norm;
  }
  return std::sqrt(square);
}

void Adam::scale_gradients(double factor) {
  at::NoGradGuard no_grad;
  for (Tensor& parameter : parameters_) {
    if (parameter.grad().defined()) parameter.mutable_grad().mul_(factor);
  }
}

}  // namespace fathom::train
