#include "fathom/io/image.h"

#include <algorithm>

#include "fathom/base/error.h"

namespace fathom::io {

void check_image(const Image& image, std::string_view place) {
  base::require(image.width >= 1 && image.height >= 1, place, "width x height",
                fmt::format("{} x {}", image.width, image.height), "1 x 1 or more", "give a picture with a pixel");
  base::require(image.channels >= 1 && image.channels <= 4, place, "channels", image.channels, "1 ... 4",
                "1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha");
  base::require(image.depth == 8 || image.depth == 16, place, "depth", image.depth, "8|16", "scale the samples");
  base::require(static_cast<std::int64_t>(image.pixels.size()) == image.samples(), place, "samples",
                image.pixels.size(), fmt::format("= {}", image.samples()), "give height x width x channels of them");
  const std::uint16_t greatest = *std::max_element(image.pixels.begin(), image.pixels.end());
  base::require(image.depth == 16 || greatest <= 255, place, "sample", greatest, "<= 255 at a depth of 8 bits",
                "scale the samples or say depth = 16");
}

void check_size(std::int64_t width, std::int64_t height, std::int64_t limit, std::string_view place,
                std::string_view origin) {
  if (width < 1 || height < 1) base::fail(place, "{}: a picture of {} x {} pixels", origin, width, height);
  if (width > limit / height) {
    base::fail(place, "{}: {} x {} pixels violate at most {}; raise the limit if the file is to be trusted", origin,
               width, height, limit);
  }
}

}  // namespace fathom::io
