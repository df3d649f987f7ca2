// The implicit Fourier neural operator's cell: a spectral convolution, a 1x1 convolution and the injected field.
//   G(y, x) = act( irfft2(W rfft2(y)) + V y + b + x )
// with the spectral convolution of tensor/spectral_op.h.  [Li2021] arXiv:2010.08895, eq. 2; as an equilibrium
// arXiv:2312.00234.
//
// Shapes   x and y (B, C, H, W). Parameters: weights1, weights2 (C, C, m1, m2, 2), the last axis the real and imaginary
//          part; weight (C, C, 1, 1), bias (C).
// Start    weights1, weights2 normal with E|W|^2 = gain^2 / C, which keeps the size of the kept modes times `gain`;
//          V likewise; b zero.
// Packed   float32 and float64 on the CPU with 2 m1 <= H carry a packed cell (kernel/spectral.h,
//          kernel/channel_affine.h); its vjp recomputes the argument of act where act' needs it.
// Errors   x is not (B, C, H, W); those of spectral_conv2d.
#pragma once

#include <cstdint>
#include <memory>

#include "fathom/kernel/activation.h"
#include "fathom/nn/equilibrium.h"

namespace fathom::nn {

struct SpectralCellOptions {
  std::int64_t channels = 1, modes_y = 1, modes_x = 1;
  kernel::Activation act = kernel::Activation::gelu;
  double gain = 0.3;
};

class SpectralCell : public Cell {
 public:
  explicit SpectralCell(const SpectralCellOptions& options);

  Map map(const Tensor& x) const override;
  State start(const Tensor& x) const override;  // zeros

  Tensor weights1, weights2, weight, bias;

 private:
  kernel::Activation act_;
};

}  // namespace fathom::nn
