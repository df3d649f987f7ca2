// Blur kernels by name or from a file. (0, 0) is the kernel's middle, p a pixel's centre, all in pixels.
//
//   delta              1 at the middle
//   gaussian:S         exp(-|p|^2 / (2 S^2)) on the square of half side ceil(3 S)                       S > 0
//   motion:L,ANGLE     max(0, 1 - distance of p to the segment of length L - 1 through the middle),     L >= 1
//                      ANGLE in degrees from the horizontal, counter-clockwise; motion:1,0 is delta
//   defocus:R          the share of p's square inside the disc of radius R, by 16 x 16 points in it     R >= 0.5
//   FILE.npy           a matrix, or one with leading sizes of 1
//   FILE.png           how light a pixel is (the mean of R, G and B), alpha left aside
//
// All are scaled to sum 1. Those with a name are their own mirror images, so that convolution and correlation with them
// are the same; a file's kernel is used as Blur uses it (blur.h: a correlation). The point spread function of a camera,
// the picture of a point of light, is turned by half a turn: turned() makes it a kernel of Blur, and the reverse.
//
// Errors (fathom::Error): an unknown name (the nearest is named), a missing, surplus or impossible number, no such
// file, NaN, infinity, a weight below 0, a sum of 0, more than 1024 rows or columns.
#pragma once

#include <string>

#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

Tensor delta_kernel();
Tensor gaussian_kernel(double sigma);
Tensor motion_kernel(double length, double degrees);
Tensor defocus_kernel(double radius);

Tensor turned(const Tensor& kernel);

struct NamedKernel {
  Tensor weights;    // (h, w) float64, >= 0, sum 1
  double given_sum;  // before scaling
};

// `text` is a file if it ends in .npy or .png.
NamedKernel read_kernel(const std::string& text);

// The same for weights from elsewhere; `origin` is named in errors.
NamedKernel checked_kernel(const Tensor& weights, const std::string& origin);

}  // namespace fathom::imaging
