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
