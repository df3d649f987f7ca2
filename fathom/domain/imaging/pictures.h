// The iterates of a model on a test crop as a strip of pictures.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/imaging/measure_model.h"

namespace fathom::imaging {

// The blurred crop, x_t at study.pictured with their PSNR, and the sharp crop.
base::FieldFigure strip_of(const Config& config, const Trained& trained, const TestCrops& test);

// A picture (3, H, W) in [0, 1], clamped, as red, green and blue side by side.
std::vector<std::uint8_t> rgb_of(const Tensor& image);

}  // namespace fathom::imaging
