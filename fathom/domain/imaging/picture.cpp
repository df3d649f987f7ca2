#include "fathom/domain/imaging/picture.h"

#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/round.h>

namespace fathom::imaging {

namespace {

std::int64_t colours_in(const io::Image& image) { return image.channels >= 3 ? 3 : 1; }
double largest(const io::Image& image) { return image.depth == 16 ? 65535 : 255; }

}  // namespace

Tensor colours_of(const io::Image& image) {
  const std::int64_t colours = colours_in(image), pixels = image.width * image.height;
  std::vector<float> values(static_cast<std::size_t>(colours * pixels));
  const auto scale = static_cast<float>(largest(image));
  for (std::int64_t c = 0; c < colours; ++c) {
    for (std::int64_t i = 0; i < pixels; ++i) {
      values[static_cast<std::size_t>(c * pixels + i)] =
          static_cast<float>(image.pixels[static_cast<std::size_t>(i * image.channels + c)]) / scale;
    }
  }
  return at::from_blob(values.data(), {1, colours, image.height, image.width}).clone();
}

io::Image with_colours(const io::Image& like, const Tensor& colours) {
  const std::int64_t count = colours_in(like), pixels = like.width * like.height;
  const Tensor samples = at::round(colours.to(at::kFloat).clamp(0, 1) * largest(like)).contiguous();
  const float* values = samples.data_ptr<float>();
  io::Image image = like;
  for (std::int64_t c = 0; c < count; ++c) {
    for (std::int64_t i = 0; i < pixels; ++i) {
      image.pixels[static_cast<std::size_t>(i * like.channels + c)] =
          static_cast<std::uint16_t>(values[c * pixels + i]);
    }
  }
  return image;
}

}  // namespace fathom::imaging
