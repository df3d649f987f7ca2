// The convolution of Fourier neural operators: the low frequencies of a field, mixed across its channels by one complex
// matrix a frequency.
//   X = rfft2(x);   O(o, ky, kx) = sum_i X(i, ky, kx) W(i, o, ky, kx) on the kept modes, 0 elsewhere;   y = irfft2(O)
// Kept: 0 <= kx < modes_x with ky = 0 .. modes_y-1 (weights W1) and ky = -modes_y .. -1 (weights W2, in this order).
// Norm "backward": rfft2 is the plain sum, irfft2 divides by height * width.  [Li2021] arXiv:2010.08895, sec. 4
//
// Method: so few modes are kept that sums beat fast transforms. With a = |ky| <= modes_y and real rows
//   C_a(x) = sum_y x(y, x) cos(2 pi a y / height),   S_a likewise with sin
// the modes are those of rfft(C_a) -+ i rfft(S_a); the rows y and height - y are added or subtracted first, which
// halves the work. The way back is the transpose, and so is the vjp: with V = W * w(kx) / (height * width), w = 1 at kx
// = 0 and at width / 2, else 2, forward is back(V analyse(x)) and the vjp is back(V* analyse(g)).
//
// Shapes   x (n, in, height, width), y (n, out, height, width), contiguous. W1, W2 (in, out, modes_y, modes_x, 2): re,
// im. Cost     a sample: about (in + out) * height * width * (2 modes_y + 1) operations for the rows, 8 in * out * kept
// modes
//          for the mixing. Weights are packed once, 8 bytes (float) a complex number, padded to a cache line a row.
// Modes are kept in memory aligned to 64 bytes, in the layout of SpectralTables.
// Samples are independent: one has the same bits alone as in a batch, for any number of threads. Threads: members may
// be called from several threads; forward and vjp split the samples. Accuracy: with u the unit roundoff, N = height +
// width + 2 in + 2 modes_y + 2 modes_x + 16, an output is within
//   N u sum_modes w / (height width) sum_i (|Re W| + |Im W|) sum_yx |x_i|
// of the exact one; the vjp likewise with in and out exchanged.
// Errors: sizes below 1, 2 modes_y > height, modes_x > width / 2 + 1.
#pragma once

#include <cstdint>

#include <hwy/aligned_allocator.h>

#include "fathom/kernel/spectral_rows.h"

namespace fathom::kernel {

template <class T>  // float or double
class SpectralConv {
 public:
  SpectralConv(const SpectralShape& shape, const T* w1, const T* w2);
  // The transforms alone: analyse and weight_gradient work, forward and vjp do not.
  explicit SpectralConv(const SpectralShape& shape);

  const SpectralShape& shape() const { return shape_; }
  std::int64_t mode_count(std::int64_t channels) const;  // numbers that `modes` of one sample hold

  // y = conv(x). `modes`, if not null, receives those of x for weight_gradient: n * mode_count(in).
  void forward(std::int64_t n, const T* x, T* y, T* modes = nullptr) const;
  // dx = conv'(g), g (n, out, height, width). `modes`, if not null, receives those of g: n * mode_count(out).
  void vjp(std::int64_t n, const T* g, T* dx, T* modes = nullptr) const;
  // The modes of g alone, for weight_gradient.
  void analyse(std::int64_t n, std::int64_t channels, const T* g, T* modes) const;
  // dW1, dW2 of <g, conv(x)> summed over the samples in their order; Re and Im are gradients by the real and imaginary
  // part. Within (n + N) u of the sum of magnitudes.
  void weight_gradient(std::int64_t n, const T* modes_of_x, const T* modes_of_g, T* dw1, T* dw2) const;

  double flops() const;  // of one sample of forward or vjp

 private:
  void apply(const SpectralMix<T>& mix, std::int64_t n, const T* from, T* to, T* modes) const;
  SpectralMix<T> mix(bool adjoint) const;
  void pack(const T* w1, const T* w2);

  SpectralShape shape_;
  SpectralTables<T> tables_;
  hwy::AlignedFreeUniquePtr<T[]> table_memory_;
  hwy::AlignedFreeUniquePtr<T[]> weights_;
};

}  // namespace fathom::kernel
