#include "fathom/nn/perceptron.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/init.h>

#include "fathom/tensor/perceptron_op.h"

namespace fathom::nn {

Affine::Affine(std::int64_t in, std::int64_t out, bool with_bias) {
  weight = register_parameter("weight", torch::nn::init::orthogonal_(at::empty({out, in})));
  if (with_bias) bias = register_parameter("bias", at::zeros({out}));
}

Tensor Affine::forward(const Tensor& x) const {
  return bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
}

Perceptron::Perceptron(const PerceptronOptions& options) : relu_out_(options.relu_out) {
  first_ = register_module("0", std::make_shared<Affine>(options.in, options.hidden, options.first_bias));
  second_ = register_module("2", std::make_shared<Affine>(options.hidden, options.out, options.second_bias));
}

Tensor Perceptron::forward(const Tensor& a, const Tensor& b) const {
  return tensor::perceptron(a, b, first_->weight, first_->bias, second_->weight, second_->bias, relu_out_);
}

}  // namespace fathom::nn
