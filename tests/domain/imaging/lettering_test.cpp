#include "fathom/domain/imaging/lettering.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace fathom::imaging {
namespace {

std::string drawing(std::int64_t which) {
  std::string text;
  for (std::int64_t row = 0; row < kGlyphHeight; ++row) {
    for (std::int64_t column = 0; column < kGlyphWidth; ++column) text += is_ink(which, row, column) ? '#' : '.';
    text += '\n';
  }
  return text;
}

TEST(Lettering, CharactersAreReadAsDrawn) {
  EXPECT_EQ(drawing(7), "#####\n....#\n...#.\n..#..\n.#...\n.#...\n.#...\n");
  EXPECT_EQ(drawing(14), "#####\n#....\n#....\n####.\n#....\n#....\n#####\n");
}

TEST(Lettering, CharactersDifferAndFillTheirHeight) {
  const std::string alphabet = kAlphabet;
  std::set<std::string> drawings;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    const std::string one = drawing(static_cast<std::int64_t>(i));
    drawings.insert(one);
    EXPECT_NE(one.substr(0, kGlyphWidth).find('#'), std::string::npos) << alphabet[i];
    EXPECT_NE(one.substr(one.size() - kGlyphWidth - 1).find('#'), std::string::npos) << alphabet[i];
  }
  EXPECT_EQ(drawings.size(), alphabet.size());
}

}  // namespace
}  // namespace fathom::imaging
