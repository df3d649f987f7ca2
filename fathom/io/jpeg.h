// JPEG pictures through libjpeg-turbo: baseline and progressive, grey and colour (also CMYK as some programs store it),
// 8 bits. The orientation of the camera (Exif tag 0x0112) is applied, so that the picture stands as it was seen.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "fathom/io/image.h"

namespace fathom::io {

// Grey files give 1 channel, all others 3. Throws Error with `origin` and cause: no JPEG, damaged or cut off, more than
// `limit` pixels (said before any is allocated).
Image parse_jpeg(std::string_view bytes, std::string_view origin, std::int64_t limit = kPixelLimit);
Image read_jpeg(const std::filesystem::path& path, std::int64_t limit = kPixelLimit);

// Baseline; chroma is halved below quality 90 and kept from there. Errors: alpha, 16 bits, more than 65535 rows or
// columns (JPEG has none of these), quality not 1 ... 100.
std::string to_jpeg(const Image& image, int quality = 95);
void write_jpeg(const std::filesystem::path& path, const Image& image, int quality = 95);  // atomic

}  // namespace fathom::io
