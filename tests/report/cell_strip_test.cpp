#include "fathom/report/cell_strip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/report/well_formed.h"

namespace fathom::report {
namespace {

using ::testing::HasSubstr;

CellStrip sample() {
  return {.title = "Maze <9 x 9>",
          .caption = "while it is solved",
          .height = 2,
          .width = 3,
          .legend = {"", "path", "wall"},
          .frames = {{"t = 0", {0, 0, 0, 2, 2, 0}}, {"t = 8", {1, 1, 0, 2, 2, 1}}}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(CellStrip, IsWellFormedAndJoinsNeighboursOfOneValue) {
  const std::string svg = to_svg(sample());
  EXPECT_EQ(WellFormed::check(svg), "");
  EXPECT_THAT(svg, HasSubstr("t = 8"));
  EXPECT_EQ(count(svg, "class=\"f-fill0\""), 2u + 1u);  // two runs of the path, and the legend
  EXPECT_EQ(count(svg, "class=\"f-fill1\""), 2u + 1u);  // a wall in each field, and the legend
}

TEST(CellStrip, LettersStandInTheirCellsAndAsPixels) {
  CellStrip strip = sample();
  strip.frames.resize(1);
  strip.frames[0].letters = "12 345";
  const std::string svg = to_svg(strip);
  EXPECT_EQ(WellFormed::check(svg), "");
  for (const char* letter : {">1<", ">2<", ">5<"}) EXPECT_THAT(svg, HasSubstr(letter));

  const Raster raster = to_raster(strip, strip.frames[0], 8);
  EXPECT_EQ(raster.width, 3 * 8 + 2);
  EXPECT_EQ(raster.height, 2 * 8 + 2);
  const auto red = [&](std::int64_t row, std::int64_t column) {
    return int{raster.pixels[static_cast<std::size_t>(3 * (row * raster.width + column))]};
  };
  EXPECT_EQ(red(0, 0), 125) << "the line around";
  EXPECT_EQ(red(1, 1), 255) << "value 0 is white";
  EXPECT_EQ(red(9, 1), 236) << "#c94f00 at 0.35: 255 - .35 (255 - 201)";
  EXPECT_EQ(red(1 + 1, 1 + 2 + 1), 28) << "the 1 has its point in the middle of the first row";
  EXPECT_EQ(red(1 + 1, 1 + 2), 255);
  strip.frames[0].letters = "12";
  EXPECT_THROW(to_svg(strip), Error);
  EXPECT_THROW(to_raster(sample(), sample().frames[0], 0), Error);
}

TEST(CellStrip, AnyNumberOfFramesAndBitStringsOfHeightOne) {
  CellStrip strip = sample();
  strip.frames.clear();
  EXPECT_EQ(WellFormed::check(to_svg(strip)), "");
  strip.height = 1;
  strip.width = 512;
  for (int t = 0; t < 12; ++t) strip.frames.push_back({"t", std::vector<std::uint8_t>(512, t % 2)});
  EXPECT_EQ(WellFormed::check(to_svg(strip)), "");
}

TEST(CellStrip, RefusesFramesThatDoNotFit) {
  CellStrip strip = sample();
  strip.frames[1].cells.pop_back();
  try {
    to_svg(strip);
    FAIL() << "five cells were drawn as six";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cells of t = 8 = 5 violates = 6"));
  }
  strip = sample();
  strip.frames[0].cells[0] = 3;
  try {
    to_svg(strip);
    FAIL() << "a value without a name was drawn";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cell of t = 0 = 3 violates < 3"));
  }
}

}  // namespace
}  // namespace fathom::report
