#include "fathom/io/jpeg.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "fathom/io/exif_orientation.h"
#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using ::testing::HasSubstr;

// Smooth, different in every channel.
Image waves(std::int64_t width, std::int64_t height, std::int64_t channels) {
  Image image{width, height, channels, 8, {}};
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      for (std::int64_t k = 0; k < channels; ++k)
        image.pixels.push_back(static_cast<std::uint16_t>(
            std::lround(128 + 100 * std::sin(.2 * static_cast<double>(row + k * column) + static_cast<double>(k)))));
    }
  }
  return image;
}

int greatest_difference(const Image& a, const Image& b) {
  int greatest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) greatest = std::max(greatest, std::abs(a.pixels[i] - b.pixels[i]));
  return greatest;
}

TEST(Jpeg, AtFullQualityIsOffByTheRoundingOfItsCoefficients) {
  // Coefficients are rounded to whole numbers: 64 errors of at most 1/2, each on a wave of at most 1/4: 8 at the very
  // most, and 1 for the integer transforms. Colours: the inverse conversion adds 1.772 times an error of chroma.
  const Image grey = waves(40, 21, 1);
  const Image back = parse_jpeg(to_jpeg(grey, 100), "f");
  EXPECT_EQ(back.channels, 1);
  EXPECT_LE(greatest_difference(back, grey), 9);
  const Image colour = waves(40, 21, 3);
  const Image colour_back = parse_jpeg(to_jpeg(colour, 100), "f");
  EXPECT_EQ(colour_back.channels, 3);
  EXPECT_LE(greatest_difference(colour_back, colour), 9 + 16);
  EXPECT_LT(to_jpeg(colour, 50).size(), to_jpeg(colour, 100).size());
}

TEST(Jpeg, OneGreyValueComesBackExactly) {
  Image flat{19, 13, 1, 8, {}};
  flat.pixels.assign(19 * 13, 77);  // its one coefficient, 8 (77 - 128), is whole
  EXPECT_EQ(parse_jpeg(to_jpeg(flat, 100), "f"), flat);
}

TEST(Jpeg, TheOrientationOfTheCameraIsApplied) {
  const std::string bytes = to_jpeg(waves(24, 8, 3));
  for (char orientation = 1; orientation <= 8; ++orientation) {
    const std::string exif =
        std::string("Exif\0\0MM\0\x2a\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0", 25) + orientation + std::string(6, '\0');
    std::string app1("\xFF\xE1\0", 3);
    app1 += static_cast<char>(exif.size() + 2);
    const Image turned = parse_jpeg(bytes.substr(0, 2) + app1 + exif + bytes.substr(2), "f");
    EXPECT_EQ(turned, oriented(parse_jpeg(bytes, "f"), orientation)) << int{orientation};
    EXPECT_EQ(turned.height, orientation >= 5 ? 24 : 8);
  }
}

TEST(Jpeg, EveryPrefixIsRefused) {
  const std::string bytes = to_jpeg(waves(20, 17, 3));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal([&] { parse_jpeg(std::string_view(bytes).substr(0, size), "f"); }), "no error") << size;
}

TEST(Jpeg, ErrorsNameTheFileAndTheCause) {
  const std::string bytes = to_jpeg(waves(20, 17, 3));
  EXPECT_THAT(refusal([] { parse_jpeg("\x89PNG", "a.png"); }), HasSubstr("[io::parse_jpeg] a.png is no JPEG file"));
  EXPECT_THAT(refusal([&] { parse_jpeg(bytes, "f", 339); }), HasSubstr("f: 20 x 17 pixels violate at most 339"));
  EXPECT_EQ(parse_jpeg(bytes, "f", 340).width, 20);
  EXPECT_THAT(refusal([&] { parse_jpeg(bytes.substr(0, bytes.size() - 2), "f"); }), HasSubstr("remature end"));
  EXPECT_THAT(refusal([] { read_jpeg("/absent.jpg"); }), HasSubstr("/absent.jpg"));
}

TEST(Jpeg, WhatItCannotHoldIsNotWritten) {
  EXPECT_THAT(refusal([] { to_jpeg(Image{1, 1, 4, 8, {1, 2, 3, 4}}); }), HasSubstr("channels = 4 violates 1|3"));
  EXPECT_THAT(refusal([] { to_jpeg(Image{1, 1, 1, 16, {999}}); }), HasSubstr("depth = 16 violates = 8"));
  EXPECT_THAT(refusal([] { to_jpeg(waves(2, 2, 1), 0); }), HasSubstr("quality = 0 violates 1 ... 100"));
  Image wide{70000, 1, 1, 8, {}};
  wide.pixels.assign(70000, 0);
  EXPECT_THAT(refusal([&] { to_jpeg(wide); }), HasSubstr("70000 x 1 violates at most 655"));
  const auto path = std::filesystem::temp_directory_path() / "fathom-jpeg-test.jpg";
  write_jpeg(path, waves(9, 9, 3));
  EXPECT_EQ(read_jpeg(path).width, 9);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace fathom::io
