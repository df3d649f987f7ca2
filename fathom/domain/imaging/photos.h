// The sharp photos of a study: those of a folder, or drawn ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/imaging/data_options.h"
#include "fathom/io/image.h"
#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

struct Photos {
  std::vector<std::string> names;
  std::vector<Tensor> pixels;  // [3, H, W] uint8 each
  std::string sha256;          // of names, sizes and pixels
};

// Part "train" or "test". A folder's files in the order of their names; grey ones three times the same, alpha left out,
// 16 bits rounded to 8. Those of a test_file in its order. Drawn ones by leaves.h, each from (seed, part, number).
// Errors (fathom::Error): no such folder or no picture in it, one smaller than the crop, one that cannot be read, a
// test_file of another kind.
Photos load_photos(const DataConfig& config, const std::string& part, std::uint64_t seed);

// [3, H, W] uint8.
Tensor pixels_of(const io::Image& image);

// A square of a photo and where it was taken, [3, side, side] in [0, 1].
struct Crop {
  Tensor image;
  std::int64_t top = 0, left = 0;
};
Crop random_crop(const Tensor& pixels, std::int64_t side, std::uint64_t seed);

}  // namespace fathom::imaging
