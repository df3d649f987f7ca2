// A small PNG file, uncompressed: for pictures of a few thousand points inside a page, where no
// library is worth its arrow.  PNG, ISO/IEC 15948; zlib, RFC 1950
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fathom/report/colour_scale.h"

namespace fathom::report {

// pixels: height * width indices into `colours`, row by row. Errors (fathom::Error): another number of pixels.
std::vector<std::uint8_t> png_image(std::int64_t height, std::int64_t width, std::span<const std::uint8_t> pixels,
                                    const ColourScale& colours);

// rgb: height * width * 3 samples, red, green and blue of each pixel side by side. Errors: another number of samples.
std::vector<std::uint8_t> png_image(std::int64_t height, std::int64_t width, std::span<const std::uint8_t> rgb);

std::string data_uri(std::span<const std::uint8_t> png);  // "data:image/png;base64,..."

}  // namespace fathom::report
