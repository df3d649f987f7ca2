#include "fathom/io/exif_orientation.h"

namespace fathom::io {

namespace {

constexpr std::uint32_t kOrientationTag = 0x0112, kShort = 3;

// Numbers of a TIFF structure; nothing beyond its end is read.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes), little_(bytes.starts_with("II")) {}

  bool has(std::size_t at, std::size_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  std::uint32_t number(std::size_t at, std::size_t count) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t byte = little_ ? at + count - 1 - i : at + i;
      value = value << 8 | static_cast<unsigned char>(bytes_[byte]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_;
};

}  // namespace

int exif_orientation(std::string_view app1) {
  constexpr std::string_view kName("Exif\0\0", 6);
  if (!app1.starts_with(kName)) return 1;
  app1.remove_prefix(kName.size());
  const Tiff tiff(app1);
  if (!(app1.starts_with("II") || app1.starts_with("MM")) || !tiff.has(0, 8)) return 1;
  const std::size_t table = tiff.number(4, 4);
  if (!tiff.has(table, 2)) return 1;
  const std::uint32_t entries = tiff.number(table, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = table + 2 + 12 * std::size_t{i};
    if (!tiff.has(entry, 12)) return 1;
    if (tiff.number(entry, 2) != kOrientationTag || tiff.number(entry + 2, 2) != kShort) continue;
    const std::uint32_t value = tiff.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image oriented(const Image& image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool transposed = orientation >= 5;
  const bool flip_rows = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool flip_columns = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  Image turned = image;
  if (transposed) std::swap(turned.width, turned.height);
  std::uint16_t* to = turned.pixels.data();
  for (std::int64_t row = 0; row < turned.height; ++row) {
    for (std::int64_t column = 0; column < turned.width; ++column) {
      const std::int64_t r = flip_rows ? turned.height - 1 - row : row;
      const std::int64_t c = flip_columns ? turned.width - 1 - column : column;
      for (std::int64_t k = 0; k < image.channels; ++k) *to++ = transposed ? image.at(c, r, k) : image.at(r, c, k);
    }
  }
  return turned;
}

}  // namespace fathom::io
