// The spectral convolution of tensor/spectral_op.h with weights of its own.
//   y = irfft2(O),   O(o, k) = sum_i W(i, o, k) rfft2(x)(i, k) on the kept modes, 0 elsewhere   [Li2021]
// arXiv:2010.08895
//
// Shapes   x (N, in, H, W) -> (N, out, H, W). Parameters: weights1, weights2 (in, out, m, m, 2), the last axis the real
//          and the imaginary part: reals, so that files, optimisers and conversions need to know nothing of complex
//          numbers.
// Start    real and imaginary parts uniform in [0, 1) / (in out), as in the original.
// Errors   those of tensor::spectral_conv2d.
#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

class SpectralConv2d : public torch::nn::Module {
 public:
  SpectralConv2d(std::int64_t in, std::int64_t out, std::int64_t modes);

  Tensor forward(const Tensor& x) const;

  Tensor weights1, weights2;
};

}  // namespace fathom::nn
