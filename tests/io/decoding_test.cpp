#include <string>

#include "fathom/io/clean_up.h"
#include "fathom/io/token_stream.h"
#include "fathom/io/utf8.h"
#include "tests/io/tokenizer_files.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
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

TEST(CleanUpTest, EachRule) {
  EXPECT_EQ(clean_up("it 's n't . ok ? no ! a , b"), "it'sn't. ok? no! a, b");
  EXPECT_EQ(clean_up("I 'm we 've they 're x ' y"), "I'm we've they're x'y");
  EXPECT_EQ(clean_up("a  . b"), "a . b");  // one pass
  EXPECT_EQ(clean_up(""), "");
}

TEST(CleanUpTest, HoldsBackOnlyWhatMayChange) {
  EXPECT_EQ(settled_bytes("word"), 4u);
  EXPECT_EQ(settled_bytes("word "), 4u);
  EXPECT_EQ(settled_bytes("word n"), 4u);
  EXPECT_EQ(settled_bytes("word nex"), 8u);
  EXPECT_EQ(settled_bytes("word 't"), 4u);
  EXPECT_EQ(settled_bytes("word 't x"), 7u);
}

rc::Gen<std::string> text_of_rules() {
  return rc::gen::container<std::string>(
      rc::gen::element(' ', ' ', ' ', '\'', '\'', '.', ',', '?', 'n', 't', 's', 'v', 'e', 'r', 'm', 'x'));
}

RC_GTEST_PROP(CleanUpProperty, WhatIsSettledDoesNotChange, ()) {
  const std::string text = *text_of_rules(), more = *text_of_rules();
  const std::size_t settled = settled_bytes(text);
  RC_ASSERT(clean_up(text + more) == clean_up(text.substr(0, settled)) + clean_up(text.substr(settled) + more));
}

const Tokenizer& bytes() {
  static const Tokenizer tokenizer =
      Tokenizer::parse(TokenizerFile{.added = added_token(300, "<s>", R"(,"special":true)")}.text(), "t");
  return tokenizer;
}

TEST(TokenStreamTest, ACharacterComesOutWithItsLastByte) {
  TokenStream stream(bytes());
  EXPECT_EQ(stream.push('a'), "a");
  EXPECT_EQ(stream.push(0xe6), "");
  EXPECT_EQ(stream.push(0x97), "");
  EXPECT_EQ(stream.push(0xa5), "日");
  EXPECT_EQ(stream.push(0xe6), "");
  EXPECT_EQ(stream.push('b'), "\ufffdb");
  EXPECT_EQ(stream.push(300), "<s>");
  EXPECT_EQ(stream.push(0xf0), "");
  EXPECT_EQ(stream.finish(), "\ufffd");
  EXPECT_EQ(stream.finish(), "");
}

RC_GTEST_PROP(TokenStreamProperty, ThePartsJoinedAreTheWhole, ()) {
  const auto id =
      rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, 256), rc::gen::element<std::int64_t>(' ', '\'', '.', 's', 300));
  const auto ids = *rc::gen::container<std::vector<std::int64_t>>(id);
  const DecodeOptions options{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>()};
  TokenStream stream(bytes(), options);
  std::string text;
  for (const std::int64_t each : ids) text += stream.push(each);
  RC_ASSERT(text + stream.finish() == bytes().decode(ids, options));
}

}  // namespace
}  // namespace fathom::io
