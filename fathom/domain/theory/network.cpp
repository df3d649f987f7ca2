#include "fathom/domain/theory/network.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>

#include "fathom/tensor/perceptron_op.h"

namespace fathom::theory {

namespace {

constexpr double kHighest = 1.2;  // kinks of the implicit operator lie between 0 and this times F

// Biases that put the kink of unit i at a training point.
Tensor kinks(const Tensor& weight, const Tensor& x, const Tensor& F) {
  const std::int64_t units = weight.size(0);
  const Tensor rows = at::randint(x.size(0), {units}, x.options().dtype(at::kLong));
  const Tensor at_x = x.index_select(0, rows).select(1, 0), w_x = weight.select(1, weight.size(1) - 1);
  if (weight.size(1) == 1) return -w_x * at_x;
  const Tensor height = kHighest * at::rand({units}, x.options()) * F.index_select(0, rows).select(1, 0);
  return -(w_x * at_x + weight.select(1, 0) * height);
}

}  // namespace

Network::Network(const NetworkOptions& options, const Tensor& x, const Tensor& F) : options_(options) {
  const double each = std::sqrt(options.bound);
  const std::int64_t inputs = implicit() ? 2 : 1;
  first_ = register_module("first", std::make_shared<nn::SpectralLinear>(inputs, options.width, each));
  second_ = register_module("second", std::make_shared<nn::SpectralLinear>(options.width, 1, each));
  const at::NoGradGuard no_grad;
  first_->weight.mul_(each);
  first_->bias.copy_(kinks(first_->weight, x.to(first_->weight.scalar_type()), F.to(first_->weight.scalar_type())));
}

Map Network::map(const Tensor& x) const {
  const Tensor w1 = first_->bounded_weight(), w2 = second_->bounded_weight();
  return Map([w1, w2, b1 = first_->bias, b2 = second_->bias, x](const Tensor& y, const Rows& rows) {
    return tensor::perceptron(y, rows.of(x), w1, b1, w2, b2, /*relu_out=*/false);
  });
}

Tensor Network::forward(const Tensor& x) const {
  return tensor::perceptron(x, {}, first_->bounded_weight(), first_->bias, second_->bounded_weight(), second_->bias,
                            /*relu_out=*/false);
}

std::pair<double, double> Network::layer_bounds() const {
  const at::NoGradGuard no_grad;
  return {nn::norm_bound(first_->bounded_weight()).item<double>(),
          nn::norm_bound(second_->bounded_weight()).item<double>()};
}

double Network::proved_bound() const {
  const auto [one, two] = layer_bounds();
  return one * two;
}

double Network::largest_layer() const {
  const auto [one, two] = layer_bounds();
  return std::max(one, two);
}

std::int64_t Network::parameter_count() const {
  std::int64_t count = 0;
  for (const Tensor& parameter : parameters()) count += parameter.numel();
  return count;
}

}  // namespace fathom::theory
