// Two-layer perceptron on the rows of a matrix:  y = act(W2 relu(W1 [a | b] + c1) + c2),  act = identity or relu.
//
// Shapes   a (N, da), b (N, db) or undefined, da + db = in; y (N, out). W1 (hidden, in), W2 (out, hidden).
// Names    those of a Sequential(Linear, ReLU, Linear): 0.weight, 0.bias, 2.weight, 2.bias.
// Start    orthogonal weights with gain 1, zero biases.
// Cost     2 N hidden (in + out) flops; the backward keeps only a and b and computes the hidden layer again.
#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

struct PerceptronOptions {
  std::int64_t in = 1, hidden = 1, out = 1;
  bool first_bias = true, second_bias = true;
  bool relu_out = false;
};

// y = act(W x + c): one affine layer with parameters `weight`, `bias`, under the name of a layer of a Sequential.
class Affine : public torch::nn::Module {
 public:
  Affine(std::int64_t in, std::int64_t out, bool with_bias = true);
  Tensor forward(const Tensor& x) const;

  Tensor weight, bias;  // (out, in), (out) or undefined
};

class Perceptron : public torch::nn::Module {
 public:
  explicit Perceptron(const PerceptronOptions& options);
  Tensor forward(const Tensor& a, const Tensor& b = {}) const;

 private:
  std::shared_ptr<Affine> first_, second_;
  bool relu_out_;
};

}  // namespace fathom::nn
