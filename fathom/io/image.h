// A picture in memory: what PNG and JPEG files are read into and written from.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace fathom::io {

// Samples are stored as 16 bits, whatever the depth: 0 ... 255 or 0 ... 65535, not linear in light (as in the file).
// pixels: row by row from the top left, the channels of a pixel side by side; alpha is not premultiplied.
struct Image {
  std::int64_t width = 0, height = 0;  // pixels
  std::int64_t channels = 3;           // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  std::int64_t depth = 8;              // bits a sample: 8 or 16
  std::vector<std::uint16_t> pixels;   // (height, width, channels)

  std::int64_t samples() const { return width * height * channels; }
  std::uint16_t at(std::int64_t row, std::int64_t column, std::int64_t channel) const {
    return pixels[static_cast<std::size_t>((row * width + column) * channels + channel)];
  }
  bool operator==(const Image&) const = default;
};

// Pixels that a reader accepts unless told otherwise: 2^26 = 67 million, half a gigabyte as RGBA.
inline constexpr std::int64_t kPixelLimit = std::int64_t{1} << 26;

// Throws Error, in the name of `place`: no pixel, channels not 1 ... 4, depth not 8 or 16, too few or too many samples,
// a sample beyond the depth.
void check_image(const Image& image, std::string_view place);
// Throws Error with `origin` when width x height, which a file claims, is none or more than `limit`.
void check_size(std::int64_t width, std::int64_t height, std::int64_t limit, std::string_view place,
                std::string_view origin);

}  // namespace fathom::io
