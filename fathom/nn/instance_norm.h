// Instance normalisation: every channel of every sample to mean 0 and variance 1 over its points, without learnt scale.
//   y = (x - mean) / sqrt(var + 1e-5),   var = mean (x - mean)^2 (biased)   [Ulyanov2016] arXiv:1607.08022
//
// Shapes   x (N, C, H, W), floating -> the same. A channel that is constant becomes 0. Samples are independent.
#pragma once

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

Tensor instance_norm(const Tensor& x);

}  // namespace fathom::nn
