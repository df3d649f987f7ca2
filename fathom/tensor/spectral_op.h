// The spectral convolution of Fourier neural operators as one differentiable operation (kernel/spectral.h).
#pragma once

#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

// y = irfft2(O), O = sum_i rfft2(x)_i W(i, o) on the kept modes: rows 0 .. m1-1 by W1, rows H-m1 .. H-1 by W2, columns
// 0 .. m2-1; zeros elsewhere. Where the two blocks of rows meet (2 m1 > H), W2 wins.
// Shapes: x (N, in, H, W) real, W1 and W2 (in, out, m1, m2) complex of the same precision; y (N, out, H, W).
// Float32 and float64 on the CPU with 2 m1 <= H and at most 128 modes an axis, where sums are measured to be faster
// than transforms, run the kernel, which keeps x and its modes for backward; all else runs spectral_conv2d_fft.
// Differentiable any number of times: the vjp is the convolution with W' conjugate. Accuracy: that of
// kernel/spectral.h. Errors: misshapen arguments, m1 > H, m2 > W/2 + 1, mixed precisions or devices.
Tensor spectral_conv2d(const Tensor& x, const Tensor& w1, const Tensor& w2);

// The definition, by torch.fft.
Tensor spectral_conv2d_fft(const Tensor& x, const Tensor& w1, const Tensor& w2);

}  // namespace fathom::tensor
