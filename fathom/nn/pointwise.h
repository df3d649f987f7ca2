// Maps of fields that act on the channels of every point alike: a 1x1 convolution, and two of them around a GELU.
//
// Shapes   x (N, in, H, W) -> (N, out, H, W).
// Names    PointwiseConv: weight (out, in, 1, 1), bias (out). PointwiseMlp: mlp1, mlp2, each a PointwiseConv.
// Start    weights and biases uniform in +-1/sqrt(in), as libtorch's convolutions.
// Errors   x is not (N, in, H, W).
#pragma once

#include <cstdint>
#include <memory>

#include <torch/nn/module.h>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

class PointwiseConv : public torch::nn::Module {
 public:
  PointwiseConv(std::int64_t in, std::int64_t out);

  Tensor forward(const Tensor& x) const;

  Tensor weight, bias;
};

// W2 gelu(W1 x + b1) + b2 with the exact GELU.
class PointwiseMlp : public torch::nn::Module {
 public:
  PointwiseMlp(std::int64_t in, std::int64_t hidden, std::int64_t out);

  Tensor forward(const Tensor& x) const;

  std::shared_ptr<PointwiseConv> mlp1, mlp2;
};

}  // namespace fathom::nn
