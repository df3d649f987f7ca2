// The answers of a trained model along its iterations.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/imaging/blur.h"
#include "fathom/domain/imaging/model.h"
#include "fathom/tensor/map.h"

namespace fathom::imaging {

// model.map() without gradients: on the CPU, for float32 images whose sides are multiples of 8 and at least 32, with
// the denoiser on packed weights as they are now (nn/packed_drunet.h), which differs from the model's own by rounding.
// It holds the model and the blur by reference.
Map fast_map(const DeblurModel& model, const Blur& blur, const Tensor& y);

// x_1 ... x_T of an implicit model by that map, plainly, so that t counts evaluations of the step; of an unrolled one
// its one answer. y (N, C, H, W). Memory: T batches of images.
std::vector<Tensor> walk(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations);

// x_T of an implicit model alone, in the memory of two batches.
Tensor iterate(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations);

}  // namespace fathom::imaging
