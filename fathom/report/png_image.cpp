#include "fathom/report/png_image.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "fathom/base/base64.h"
#include "fathom/base/error.h"

namespace fathom::report {

namespace {

using Bytes = std::vector<std::uint8_t>;

void append(Bytes& to, std::string_view text) { to.insert(to.end(), text.begin(), text.end()); }

void append_big_endian(Bytes& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0u);
  }
  return ~crc;
}

std::uint32_t adler32(std::span<const std::uint8_t> bytes) {
  std::uint32_t a = 1, b = 0;
  for (const std::uint8_t byte : bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

void append_chunk(Bytes& png, std::string_view type, std::span<const std::uint8_t> data) {
  append_big_endian(png, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = png.size();
  append(png, type);
  png.insert(png.end(), data.begin(), data.end());
  append_big_endian(png, crc32(std::span(png).subspan(begin)));
}

// Stored blocks of at most 65535 bytes.
Bytes zlib_stored(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kMost = 65535;
  Bytes out = {0x78, 0x01};
  for (std::size_t begin = 0; begin < bytes.size() || begin == 0; begin += kMost) {
    const std::size_t count = std::min(kMost, bytes.size() - begin);
    const auto size = static_cast<std::uint16_t>(count), inverse = static_cast<std::uint16_t>(~size);
    out.push_back(begin + count >= bytes.size() ? 1 : 0);
    for (const std::uint16_t word : {size, inverse}) {
      out.push_back(static_cast<std::uint8_t>(word));
      out.push_back(static_cast<std::uint8_t>(word >> 8));
    }
    out.insert(out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(begin),
               bytes.begin() + static_cast<std::ptrdiff_t>(begin + count));
  }
  append_big_endian(out, adler32(bytes));
  return out;
}

constexpr std::uint8_t kIndexed = 3, kTrueColour = 2;  // colour types

// `row_bytes` of each row one after the other.
Bytes png_of(std::int64_t height, std::int64_t width, std::uint8_t type, std::span<const std::uint8_t> palette,
             std::span<const std::uint8_t> bytes, std::int64_t row_bytes) {
  Bytes header, rows;
  append_big_endian(header, static_cast<std::uint32_t>(width));
  append_big_endian(header, static_cast<std::uint32_t>(height));
  header.insert(header.end(), {8, type, 0, 0, 0});  // 8 bits a sample
  for (std::int64_t row = 0; row < height; ++row) {
    rows.push_back(0);  // no filter
    const auto begin = bytes.begin() + row * row_bytes;
    rows.insert(rows.end(), begin, begin + row_bytes);
  }
  Bytes png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  append_chunk(png, "IHDR", header);
  if (!palette.empty()) append_chunk(png, "PLTE", palette);
  append_chunk(png, "IDAT", zlib_stored(rows));
  append_chunk(png, "IEND", {});
  return png;
}

}  // namespace

Bytes png_image(std::int64_t height, std::int64_t width, std::span<const std::uint8_t> pixels,
                const ColourScale& colours) {
  base::require(height >= 1 && width >= 1 && static_cast<std::int64_t>(pixels.size()) == height * width,
                "report::png_image", "pixels", pixels.size(), fmt::format("= {} x {}, one or more", height, width),
                "give one index a point");
  Bytes palette;
  for (const Rgb& colour : colours) palette.insert(palette.end(), {colour.red, colour.green, colour.blue});
  return png_of(height, width, kIndexed, palette, pixels, width);
}

Bytes png_image(std::int64_t height, std::int64_t width, std::span<const std::uint8_t> rgb) {
  base::require(height >= 1 && width >= 1 && static_cast<std::int64_t>(rgb.size()) == 3 * height * width,
                "report::png_image", "samples", rgb.size(), fmt::format("= 3 x {} x {}, three or more", height, width),
                "give red, green and blue of each pixel");
  return png_of(height, width, kTrueColour, {}, rgb, 3 * width);
}

std::string data_uri(std::span<const std::uint8_t> png) { return "data:image/png;base64," + base::base64(png); }

}  // namespace fathom::report
