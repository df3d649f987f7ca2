// PNG pictures [PNG2025], through libpng: grey, RGB, with alpha, 8 and 16 bits, interlaced or not; palettes and 1, 2
// and 4 bits are expanded to 8, a transparent colour to alpha. Colour profiles and gamma are not applied.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "fathom/io/image.h"

namespace fathom::io {

// Throws Error with `origin` and cause: no PNG, damaged or cut off (also in the last row), more than `limit` pixels
// (said before any is allocated). Text, times and other chunks are skipped unread.
Image parse_png(std::string_view bytes, std::string_view origin, std::int64_t limit = kPixelLimit);
Image read_png(const std::filesystem::path& path, std::int64_t limit = kPixelLimit);

// Losslessly compressed, without times or text: the same picture gives the same bytes.
std::string to_png(const Image& image);
void write_png(const std::filesystem::path& path, const Image& image);  // atomic

}  // namespace fathom::io
