#include "fathom/io/image.h"

#include "fathom/io/exif_orientation.h"
#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Image, ThatDoesNotAddUpIsNamed) {
  const auto text = [](const Image& image) { return refusal([&] { check_image(image, "io::test"); }); };
  EXPECT_EQ(text({2, 1, 1, 8, {0, 255}}), "no error");
  EXPECT_THAT(text({0, 1, 1, 8, {}}), HasSubstr("width x height = 0 x 1 violates 1 x 1 or more"));
  EXPECT_THAT(text({1, 1, 5, 8, {1, 2, 3, 4, 5}}), HasSubstr("channels = 5 violates 1 ... 4"));
  EXPECT_THAT(text({1, 1, 1, 12, {1}}), HasSubstr("depth = 12 violates 8|16"));
  EXPECT_THAT(text({2, 2, 1, 8, {1, 2, 3}}), HasSubstr("samples = 3 violates = 4"));
  EXPECT_THAT(text({1, 1, 1, 8, {256}}), HasSubstr("sample = 256 violates <= 255"));
}

TEST(Image, SizesAreRefusedBeforeTheyOverflow) {
  const auto text = [](std::int64_t width, std::int64_t height) {
    return refusal([&] { check_size(width, height, 100, "io::test", "f"); });
  };
  EXPECT_EQ(text(10, 10), "no error");
  EXPECT_THAT(text(101, 1), HasSubstr("f: 101 x 1 pixels violate at most 100"));
  EXPECT_THAT(text(std::int64_t{1} << 40, std::int64_t{1} << 40), HasSubstr("violate at most 100"));
  EXPECT_THAT(text(0, 5), HasSubstr("a picture of 0 x 5 pixels"));
}

// a b      The eight ways in which a camera stores a scene, undone.
// c d
// e f
TEST(Orientation, EachOfTheEightIsUndone) {
  const Image stored{2, 3, 1, 8, {'a', 'b', 'c', 'd', 'e', 'f'}};
  const auto text = [&](int orientation) {
    const Image image = oriented(stored, orientation);
    std::string rows;
    for (std::int64_t row = 0; row < image.height; ++row) {
      for (std::int64_t column = 0; column < image.width; ++column) rows += static_cast<char>(image.at(row, column, 0));
      rows += ' ';
    }
    return rows;
  };
  EXPECT_EQ(text(1), "ab cd ef ");
  EXPECT_EQ(text(2), "ba dc fe ");
  EXPECT_EQ(text(3), "fe dc ba ");
  EXPECT_EQ(text(4), "ef cd ab ");
  EXPECT_EQ(text(5), "ace bdf ");
  EXPECT_EQ(text(6), "eca fdb ");
  EXPECT_EQ(text(7), "fdb eca ");
  EXPECT_EQ(text(8), "bdf ace ");
  EXPECT_EQ(text(0), text(1));
  EXPECT_EQ(text(9), text(1));
}

TEST(Orientation, ChannelsOfAPixelStayTogether) {
  EXPECT_THAT(oriented({2, 1, 3, 8, {1, 2, 3, 4, 5, 6}}, 2).pixels, ElementsAre(4, 5, 6, 1, 2, 3));
}

std::string tiff(bool little, char orientation) {
  std::string bytes("Exif\0\0", 6);
  const auto number = [&](unsigned value, int size) {
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * (little ? i : size - 1 - i));
  };
  bytes += little ? "II" : "MM";
  number(42, 2), number(8, 4), number(2, 2);
  number(0x0110, 2), number(2, 2), number(1, 4), number(0, 4);  // the camera's name
  number(0x0112, 2), number(3, 2), number(1, 4), number(static_cast<unsigned>(orientation), 2), number(0, 2);
  number(0, 4);
  return bytes;
}

TEST(Orientation, IsReadInBothByteOrdersAndDamageMeansNone) {
  for (const bool little : {true, false}) {
    const std::string bytes = tiff(little, 6);
    EXPECT_EQ(exif_orientation(bytes), 6);
    EXPECT_EQ(exif_orientation(tiff(little, 9)), 1);
    for (std::size_t size = 0; size < bytes.size() - 4; ++size) EXPECT_EQ(exif_orientation(bytes.substr(0, size)), 1);
  }
  EXPECT_EQ(exif_orientation("http://ns.adobe.com/"), 1);
}

}  // namespace
}  // namespace fathom::io
