#include <string>

#include "fathom/io/clean_up.h"
#include "fathom/io/token_stream.h"
#include "tests/io/tokenizer_files.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

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
  EXPECT_EQ(settled_bytes("word n ' t"), 4u);  // becomes "wordn't"
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
