// Deblurring without learning: the baselines of every table, and what `fathom deblur` does without a model.
//
//   tikhonov           argmin 1/2 ||A x - y||^2 + 1/(2 gamma) ||x||^2       = (A'A + I/gamma)^-1 A'y
//   gradient_tikhonov  F^-1[ H F y / (|H|^2 + c |f|^2) ]                    f: frequency in cycles per pixel
//   total variation    argmin 1/2 ||A x - y||^2 + weight TV(x)              [RudinOsherFatemi1992]
//     TV(x) = sum over pixels of the length of all channels' forward differences, borders periodic
//                                                                           [BlomgrenChan1998] for colour
// The last as a fixed point, the primal-dual method of [ChambollePock2011] Alg. 1 with theta = 1, D the differences:
//   x+ = prox of tau/2 ||A . - y||^2 at (x - tau D'p)         by transforms, exactly
//   p+ = (p + s D(2 x+ - x)) / max(1, |.| / weight)           s tau 8 = 1, as ||D||^2 <= 8
// At a fixed point A'(A x - y) + D'p = 0, |p| <= weight and p . D x = weight |D x| at every pixel.
//
// Shapes   y, x (N, C, H, W) of the blur's size and dtype; p (N, C, 2, H, W), the second size down and to the right.
// Cost     a pair of transforms for the first two; one a step for total variation, and a dozen passes.
// Errors   (fathom::Error) gamma, c, weight or tau not positive and finite.
#pragma once

#include <vector>

#include "fathom/domain/imaging/blur.h"
#include "fathom/tensor/map.h"

namespace fathom::imaging {

Tensor tikhonov(const Blur& blur, const Tensor& y, double gamma);
Tensor gradient_tikhonov(const Blur& blur, const Tensor& y, double c);

// The map of (x, p), with x and p of `start` at first. tau = 1 / (20 weight) balances the two.
Map total_variation_map(const Blur& blur, const Tensor& y, double weight, double tau);
State total_variation_start(const Tensor& x);

Tensor differences(const Tensor& x);          // D x, (N, C, 2, H, W)
Tensor differences_adjoint(const Tensor& p);  // D'p
// 1/2 ||A x - y||^2 + weight TV(x) for each image.
std::vector<double> total_variation_energy(const Blur& blur, const Tensor& y, const Tensor& x, double weight);

// The parameters for noise of deviation sigma (images that span [0, 1]) where nothing else is known. The first two
// scale as in Wiener's filter, whose denominator holds the noise's power; the third's power 4/3 lies between that and
// the deviation, which total variation follows without blur. Constants and power are the best on crops of 10 photos
// under a 17 x 17 motion at sigma = 0.01, 0.03 and 0.08.
double tikhonov_gamma(double sigma);          // 15 (0.03 / sigma)^2
double gradient_tikhonov_c(double sigma);     // 3 (sigma / 0.03)^2
double total_variation_weight(double sigma);  // 0.005 (sigma / 0.03)^(4/3)

// The deviation of the noise of an image, from its second differences.  [Immerkaer1996]
//   sqrt(pi/2) / 6 . mean |L y|,   L = [1 -2 1; -2 4 -2; 1 -2 1], over channels and the pixels that have neighbours
// Fine texture counts as noise. Images of at least 3 x 3.
double noise_of(const Tensor& y);

// Of the parameters, the one whose answer has the highest mean PSNR to x.
struct BestParameter {
  double parameter = 0, psnr = 0;
};
using Restoration = Tensor (*)(const Blur& blur, const Tensor& y, double parameter);
BestParameter best_parameter(Restoration method, const Blur& blur, const Tensor& y, const Tensor& x,
                             const std::vector<double>& parameters);

}  // namespace fathom::imaging
