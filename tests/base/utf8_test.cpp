#include "fathom/base/utf8.h"

#include <gtest/gtest.h>

namespace fathom::base {
namespace {

TEST(Utf8Test, FindsTheFirstByteOfNoCharacter) {
  EXPECT_EQ(valid_utf8_bytes("aé日👩"), 10u);
  EXPECT_EQ(valid_utf8_bytes("a\xc0\x80"), 1u);                 // overlong
  EXPECT_EQ(valid_utf8_bytes("\xf4\x90\x80\x80"), 0u);          // beyond U+10FFFF
  EXPECT_EQ(valid_utf8_bytes("\xed\x9f\xbf\xee\x80\x80"), 6u);  // the characters around the surrogates
  EXPECT_EQ(valid_utf8_bytes("\xe6\x97"), 0u);
}

// The example of Unicode, table 3-8.
TEST(Utf8Test, ReplacesMaximalParts) {
  EXPECT_EQ(replace_invalid_utf8("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64"),
            "a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd");
}

TEST(Utf8Test, KnowsWhatMayStillBecomeACharacter) {
  EXPECT_EQ(unfinished_utf8_bytes("a"), 0u);
  EXPECT_EQ(unfinished_utf8_bytes("a\xe6"), 1u);
  EXPECT_EQ(unfinished_utf8_bytes("\xe6\x97"), 2u);
  EXPECT_EQ(unfinished_utf8_bytes("\xf0\x9f\x91"), 3u);
  EXPECT_EQ(unfinished_utf8_bytes("\xf0\x9f\x91\xa9"), 0u);
  EXPECT_EQ(unfinished_utf8_bytes("\xed\xa0"), 0u);  // never one
  EXPECT_EQ(first_character("日"), U'日');
  EXPECT_EQ(last_character("a👩"), U'👩');
}

TEST(Utf8Test, WhiteSpaceIsUnicodes) {
  for (const char32_t c : {U' ', U'\t', U'\u0085', U'\u00a0', U'\u2003', U'\u2028', U'\u3000'})
    EXPECT_TRUE(is_space(c));
  for (const char32_t c : {U'a', U'\u200b', U'\ufeff', U'\x1c', U'\u180e'}) EXPECT_FALSE(is_space(c));
  EXPECT_TRUE(is_python_space(U'\x1c'));
  EXPECT_FALSE(is_python_space(U'\x1b'));
  EXPECT_EQ(first_character("\x85"), U'\ufffd');  // no NEL, but a byte of none
}

}  // namespace
}  // namespace fathom::base
