// Picture files as tensors and back.
#pragma once

#include "fathom/io/image.h"
#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

// (1, C, H, W) float32 in [0, 1], C = 1 or 3: the samples over the largest of their depth. Alpha is left out.
Tensor colours_of(const io::Image& image);

// The reverse: rounded to the depth of `like`, clamped to it, with its alpha. colours (1, C, H, W) of the same size.
io::Image with_colours(const io::Image& like, const Tensor& colours);

}  // namespace fathom::imaging
