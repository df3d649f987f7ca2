// Circular blur by a fixed kernel as a linear operator on images, with all its spectral functions.
//
//   (A x)[i] = sum_j k[j] x[i + j - c],   c = (floor((h-1)/2), floor((w-1)/2))      a circular CORRELATION
//   H = rfft2(kernel in the corner of an H x W zero image, rolled by -c)
//   A = F^-1 conj(H) F    A' = F^-1 H F    A'A = F^-1 |H|^2 F                       F = rfft2, orthonormal
//   A = U S V':  V = F^-1,  S = |H|,  U = F^-1 exp(-i arg H)
//
// Shapes   kernel (h, w); images (..., H, W), every leading index blurred by itself. Float32 or float64.
// Cost     the transform of the kernel once, in double; a pair of real transforms for each application.
// Memory   one complex array of H (W/2 + 1) numbers and one real one.
// Errors   (fathom::Error) a kernel that is not a finite matrix or does not fit into the image, images of another size
//          or dtype, a step size or a share out of its bounds.
#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

class Blur {
 public:
  Blur(const Tensor& kernel, std::int64_t height, std::int64_t width, at::ScalarType dtype = at::kFloat,
       c10::Device device = c10::Device(c10::kCPU));

  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }

  Tensor apply(const Tensor& x) const;                              // A x
  Tensor adjoint(const Tensor& y) const;                            // A' y
  Tensor normal(const Tensor& x) const;                             // A'A x
  Tensor pseudo_inverse(const Tensor& y, double cut = 1e-5) const;  // frequencies with |H| <= cut give 0

  // The proximal map of gamma/2 ||A . - y||^2, given A'y:  (A'A + I/gamma)^-1 (A'y + z/gamma).
  // gamma > 0: a number, or a tensor of no dimension that may carry a gradient (then its value is not looked at).
  Tensor proximal(const Tensor& z, const Tensor& adjoint_y, double gamma) const;
  Tensor proximal(const Tensor& z, const Tensor& adjoint_y, const Tensor& gamma) const;

  // 1/2 ||A x - y||^2, a number per first index of x.
  Tensor fidelity(const Tensor& x, const Tensor& y) const;

  const Tensor& transfer() const { return transfer_; }          // H, complex (H, W/2 + 1)
  const Tensor& squared_gain() const { return squared_gain_; }  // |H|^2
  Tensor singular_values() const;                               // |H|
  double norm() const;                                          // the largest of them

 private:
  Tensor filtered(const Tensor& x, const Tensor& spectrum) const;
  Tensor transformed(const Tensor& x) const;
  Tensor restored(const Tensor& spectrum) const;

  std::int64_t height_, width_;
  Tensor transfer_, transfer_conj_, squared_gain_;
};

// Place of a frequency in the half spectrum.
struct FrequencyIndex {
  std::int64_t u = 0, v = 0;
  bool operator==(const FrequencyIndex&) const = default;
};

// The frequency at the share q of all of them in the order of u^2 + v^2 (cycles per point, ties in row-major order):
// rank floor((n - 1) q) of n = H (W/2 + 1).  0 <= q <= 1
FrequencyIndex frequency_at(std::int64_t height, std::int64_t width, double share);

// The right singular vector of every circular blur at that frequency: F^-1 of a one there, (1, channels, H, W), the
// same in each channel. Its norm in a channel is sqrt(2), or 1/sqrt(2) ... 1 on the columns v = 0 and v = W/2, which
// are their own mirror images.
Tensor singular_vector(std::int64_t height, std::int64_t width, FrequencyIndex at, std::int64_t channels,
                       at::ScalarType dtype = at::kFloat);

}  // namespace fathom::imaging
