#include "fathom/report/field_figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "fathom/base/error.h"
#include "fathom/report/colour_scale.h"
#include "fathom/report/png_image.h"
#include "fathom/report/study_figures.h"
#include "fathom/report/study_page.h"
#include "tests/report/sample_record.h"
#include "tests/report/well_formed.h"

namespace fathom::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

base::FieldFigure sample() {
  return {.name = "flow",
          .section = "A <flow>",
          .caption = "before & after",
          .height = 2,
          .width = 3,
          .columns = 2,
          .panels = {{"w", -2, 2, {0, 128, 255, 10, 20, 30}},
                     {},
                     {"size", 0, 5, {1, 2, 3, 4, 5, 6}},
                     {"error, t = 5", -1e-3, 1e-3, {0, 0, 0, 0, 0, 0}}}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(FieldFigure, IsWellFormedWithOnePictureAPanelAndTheColourBar) {
  const std::string svg = to_svg(sample());
  EXPECT_EQ(WellFormed::check(svg), "");
  EXPECT_EQ(count(svg, "<image"), 3u + 1u);  // a panel without levels is a free place
  EXPECT_THAT(svg, AllOf(HasSubstr("± 2"), HasSubstr("0 to 5"), HasSubstr("± 0.001"), HasSubstr("error, t = 5")));
}

TEST(FieldFigure, ColourPicturesStandWithTheirNotesAndWithoutABar) {
  base::FieldFigure::Panel panel{"t = 3", 0, 1, {}};
  panel.rgb = std::vector<std::uint8_t>(2 * 3 * 3, 200);
  panel.note = "24.1 dB";
  base::FieldFigure figure = sample();
  figure.panels = {panel, {}, panel};
  const std::string svg = to_svg(figure);
  EXPECT_EQ(WellFormed::check(svg), "");
  EXPECT_EQ(count(svg, "<image"), 2u);
  EXPECT_THAT(svg, AllOf(HasSubstr("t = 3"), HasSubstr("24.1 dB"), Not(HasSubstr("greatest"))));
  EXPECT_THROW(to_png(figure), Error);
  figure.panels[0].rgb.pop_back();
  EXPECT_THROW(to_svg(figure), Error);
}

TEST(FieldFigure, StandsInTheReportBesideTheCurves) {
  base::StudyRecord record = sample_record();
  const std::size_t before = study_figures(record).size();
  record.fields = {sample()};
  const std::vector<NamedSvg> figures = study_figures(record);
  ASSERT_EQ(figures.size(), before + 1);
  EXPECT_EQ(figures.back().name, "flow");
  const std::string page = study_page(record);
  EXPECT_EQ(WellFormed::check(page), "");
  EXPECT_THAT(page, AllOf(HasSubstr("A &lt;flow&gt;"), HasSubstr("before &amp; after")));
  EXPECT_EQ(count(page, "<image"), 4u);
}

// A PNG file's size stands in bytes 16 .. 23, big-endian.
std::int64_t number_at(const std::vector<std::uint8_t>& png, std::size_t at) {
  return png[at] << 24 | png[at + 1] << 16 | png[at + 2] << 8 | png[at + 3];
}

TEST(FieldFigure, IsAPictureOfItsPanelsWithAGapBetween) {
  base::FieldFigure figure = sample();
  figure.panels.erase(figure.panels.begin() + 2);  // the one that is not signed: two columns, two rows
  const std::vector<std::uint8_t> png = to_png(figure, 4);
  EXPECT_EQ(number_at(png, 16), 3 * 4 + 6 + 3 * 4);
  EXPECT_EQ(number_at(png, 20), 2 * 4 + 6 + 2 * 4);
  EXPECT_THROW(to_png(figure, 0), Error);
  EXPECT_THROW(to_png(sample()), Error) << "signed and other fields";
}

TEST(FieldFigure, RefusesAPanelOfAnotherSize) {
  base::FieldFigure figure = sample();
  figure.panels[0].level.pop_back();
  try {
    to_svg(figure);
    ADD_FAILURE() << "a panel of five points was drawn";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("pixels = 5 violates = 2 x 3"));
  }
}

// Oklab's lightness of an sRGB colour.
double lightness(const Rgb& colour) {
  const auto linear = [](std::uint8_t byte) {
    const double s = byte / 255.0;
    return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
  };
  const double r = linear(colour.red), g = linear(colour.green), b = linear(colour.blue);
  return 0.2104542553 * std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) +
         0.7936177850 * std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) -
         0.0040720468 * std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
}

TEST(ColourScale, LightnessIsEven) {
  const ColourScale& sequential = sequential_colours();
  const ColourScale& diverging = diverging_colours();
  for (std::size_t i = 0; i < 256; ++i) {
    const double t = static_cast<double>(i) / 255;
    // A byte of sRGB is at most 0.006 of lightness, and a colour outside the gamut is cut.
    EXPECT_NEAR(lightness(sequential[i]), 0.25 + 0.7 * t, 0.02) << i;
    EXPECT_NEAR(lightness(diverging[i]), 0.97 - 0.52 * std::abs(2 * t - 1), 0.02) << i;
    EXPECT_NEAR(lightness(diverging[i]), lightness(diverging[255 - i]), 0.02) << i;
  }
}

std::uint32_t big_endian(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]);
}

TEST(PngImage, HoldsThePixelsInStoredBlocks) {
  std::vector<std::uint8_t> pixels(300 * 400);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 % 251);
  const std::vector<std::uint8_t> png = png_image(300, 400, pixels, sequential_colours());
  EXPECT_EQ(std::string(png.begin() + 1, png.begin() + 4), "PNG");
  EXPECT_EQ(big_endian(png, 16), 400u);
  EXPECT_EQ(big_endian(png, 20), 300u);
  // The known checksum of an empty IEND chunk ends every PNG file.
  EXPECT_EQ(big_endian(png, png.size() - 4), 0xae426082u);
  std::vector<std::uint8_t> rows;
  std::size_t at = 8;
  while (std::string(png.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                     png.begin() + static_cast<std::ptrdiff_t>(at) + 8) != "IDAT")
    at += big_endian(png, at) + 12;
  at += 8 + 2;
  for (bool last = false; !last;) {
    last = png[at] == 1;
    const std::size_t size = png[at + 1] | png[at + 2] << 8;
    EXPECT_EQ(size ^ 0xffffu, static_cast<std::size_t>(png[at + 3] | png[at + 4] << 8));
    rows.insert(rows.end(), png.begin() + static_cast<std::ptrdiff_t>(at + 5),
                png.begin() + static_cast<std::ptrdiff_t>(at + 5 + size));
    at += 5 + size;
  }
  ASSERT_EQ(rows.size(), 300u * 401u);
  for (std::size_t row = 0; row < 300; ++row) {
    EXPECT_EQ(rows[row * 401], 0) << "a filter";
    EXPECT_TRUE(std::equal(rows.begin() + static_cast<std::ptrdiff_t>(row * 401 + 1),
                           rows.begin() + static_cast<std::ptrdiff_t>(row * 401 + 401),
                           pixels.begin() + static_cast<std::ptrdiff_t>(row * 400)));
  }
}

}  // namespace
}  // namespace fathom::report
