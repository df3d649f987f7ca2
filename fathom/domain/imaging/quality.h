// How good an image is, in dB, for images that span [0, 1].
#pragma once

#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

// -10 log10( mean (x^ - x)^2 + 1e-8 ) per image, nothing clamped; 80 dB at most. The measure of the original.
std::vector<double> psnr(const Tensor& answer, const Tensor& target);

}  // namespace fathom::imaging
