// The answers of a trained model along its iterations.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/imaging/blur.h"
#include "fathom/domain/imaging/model.h"

namespace fathom::imaging {

// x_1 ... x_T of an implicit model, plainly, so that t counts evaluations of the step; of an unrolled one its one
// answer. y (N, C, H, W). On the CPU the denoiser runs on packed weights (nn/packed_drunet.h), which differ from the
// model's own by rounding.
// Memory: T batches of images.
std::vector<Tensor> walk(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations);

// x_T of an implicit model alone, in the memory of two batches.
Tensor iterate(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations);

}  // namespace fathom::imaging
