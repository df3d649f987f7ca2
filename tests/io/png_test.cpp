#include "fathom/io/png.h"

#include <filesystem>

#include "fathom/base/file.h"
#include "fathom/base/seed.h"
#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Image noise(std::int64_t width, std::int64_t height, std::int64_t channels, std::int64_t depth, std::uint64_t seed) {
  Image image{width, height, channels, depth, {}};
  base::Random random(seed);
  for (std::int64_t i = 0; i < image.samples(); ++i)
    image.pixels.push_back(static_cast<std::uint16_t>(random.below(depth == 8 ? 256 : 65536)));
  return image;
}

Image of_corpus(const char* name) {
  return read_png(std::filesystem::path(FATHOM_SOURCE_DIR) / "fuzz/corpus/png" / name);
}

TEST(Png, WrittenAndReadIsTheSamePictureInEveryFormat) {
  for (const std::int64_t depth : {8, 16}) {
    for (std::int64_t channels = 1; channels <= 4; ++channels) {
      for (const auto& [width, height] : {std::pair{1, 1}, {17, 1}, {1, 9}, {33, 20}}) {
        const Image image = noise(width, height, channels, depth, 3);
        const std::string bytes = to_png(image);
        EXPECT_EQ(parse_png(bytes, "f"), image) << channels << " channels of " << depth << " bits";
        EXPECT_EQ(to_png(image), bytes);
      }
    }
  }
}

TEST(Png, FewerBitsPalettesAndTransparentColoursAreExpanded) {
  EXPECT_THAT(of_corpus("good-grey-1").pixels, ElementsAre(255, 0, 255, 0, 0, 255, 0, 255, 255));
  EXPECT_THAT(of_corpus("good-grey-16").pixels, ElementsAre(0x1234, 0xff00));
  const Image palette = of_corpus("good-palette");
  EXPECT_EQ(palette.channels, 3);
  EXPECT_THAT(palette.pixels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  const Image transparent = of_corpus("good-palette-transparent");
  EXPECT_EQ(transparent.channels, 4);
  EXPECT_THAT(transparent.pixels, ElementsAre(0, 1, 2, 0, 3, 4, 5, 128, 6, 7, 8, 255));
}

TEST(Png, EveryPrefixIsRefused) {
  const std::string bytes = to_png(noise(5, 4, 3, 8, 1));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal([&] { parse_png(std::string_view(bytes).substr(0, size), "f"); }), "no error") << size;
}

TEST(Png, ErrorsNameTheFileAndTheCause) {
  EXPECT_THAT(refusal([] { parse_png("GIF89a..", "a.gif"); }), HasSubstr("[io::parse_png] a.gif is no PNG file"));
  const std::string bytes = to_png(noise(5, 4, 3, 8, 1));
  EXPECT_THAT(refusal([&] { parse_png(bytes.substr(0, 60), "f"); }), HasSubstr("f: the file ends too early"));
  std::string damaged = bytes;
  damaged[20] = static_cast<char>(damaged[20] ^ 1);
  EXPECT_THAT(refusal([&] { parse_png(damaged, "f"); }), HasSubstr("CRC error"));
  EXPECT_THAT(refusal([] { read_png("/absent.png"); }), HasSubstr("/absent.png"));
}

TEST(Png, MorePixelsThanAllowedAreRefusedBeforeTheyAreRead) {
  const std::string bytes = to_png(noise(5, 4, 1, 8, 1));
  EXPECT_EQ(parse_png(bytes, "f", 20).height, 4);
  EXPECT_THAT(refusal([&] { parse_png(bytes, "f", 19); }), HasSubstr("f: 5 x 4 pixels violate at most 19"));
  EXPECT_THAT(refusal([] { of_corpus("bad-huge"); }),
              AllOf(HasSubstr("2147483647 x 2147483647 pixels"), HasSubstr("raise the limit")));
}

TEST(Png, WrongPicturesAreNotWritten) {
  EXPECT_THAT(refusal([] { to_png({1, 1, 1, 8, {256}}); }), HasSubstr("[io::to_png] sample = 256"));
  const auto path = std::filesystem::temp_directory_path() / "fathom-png-test.png";
  const Image image = noise(6, 3, 4, 16, 2);
  write_png(path, image);
  EXPECT_EQ(read_png(path), image);
  EXPECT_NE(refusal([&] { write_png(path, {}); }), "no error");
  EXPECT_EQ(read_png(path), image) << "a refused picture must not harm the file";
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace fathom::io
