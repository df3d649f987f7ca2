#include "fathom/io/tokenizer.h"

#include <chrono>

#include "fathom/io/regex.h"
#include "fathom/io/tokenizer_config.h"
#include "fathom/io/tokenizer_json.h"
#include "tests/io/expect_refusal.h"
#include "tests/io/tokenizer_files.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<std::int64_t>;

Tokenizer tokenizer_of(const TokenizerFile& file) { return Tokenizer::parse(file.text(), "tokenizer.json"); }

std::string refusal_of(const TokenizerFile& file) {
  return refusal([&] { tokenizer_of(file); });
}

// "abab" by hand: a b -> 256, 256 256 -> 257, b a -> 258 last.
const TokenizerFile kMerging{.vocabulary = R"("ab":256,"abab":257,"ba":258)", .merges = R"("a b","ab ab","b a")"};

TEST(TokenizerTest, MergesInTheOrderOfTheListAndFromTheLeft) {
  const Tokenizer tokenizer = tokenizer_of(kMerging);
  EXPECT_THAT(tokenizer.encode("ab"), ElementsAre(256));
  EXPECT_THAT(tokenizer.encode("abab"), ElementsAre(257));
  EXPECT_THAT(tokenizer.encode("ababab"), ElementsAre(257, 256));  // the left pair first
  EXPECT_THAT(tokenizer.encode("bab"), ElementsAre('b', 256));     // "a b" has the smaller rank
  EXPECT_THAT(tokenizer.encode("baa"), ElementsAre(258, 'a'));
  EXPECT_THAT(tokenizer.encode(""), ElementsAre());
  EXPECT_EQ(tokenizer.decode(Ids{257, 'b', 256}),
            "abab"
            "b"
            "ab");
}

TEST(TokenizerTest, MergesAsPairsAreTheSame) {
  TokenizerFile file = kMerging;
  file.merges = R"(["a","b"],["ab","ab"],["b","a"])";
  EXPECT_EQ(tokenizer_of(file).encode("ababab bab"), tokenizer_of(kMerging).encode("ababab bab"));
}

TEST(TokenizerTest, OnlyIgnoreMergesFindsATokenThatNoMergeMakes) {
  TokenizerFile file{.vocabulary = R"("abc":256)"};
  EXPECT_THAT(tokenizer_of(file).encode("abc"), ElementsAre('a', 'b', 'c'));
  file.model = R"(,"ignore_merges":true)";
  EXPECT_THAT(tokenizer_of(file).encode("abc"), ElementsAre(256));
  EXPECT_THAT(tokenizer_of(file).encode("abcd"), ElementsAre('a', 'b', 'c', 'd'));
}

TEST(TokenizerTest, TokensOfAnyIdAndBytesOutsideTheAlphabetAreDecoded) {
  const Tokenizer tokenizer = tokenizer_of({.vocabulary = R"("日":2147483646)"});  // no character of the alphabet
  EXPECT_EQ(tokenizer.decode(Ids{2147483646, 'x'}), "日x");
  EXPECT_EQ(tokenizer.largest_id(), 2147483646);
  EXPECT_EQ(tokenizer.encode("日").size(), 3u);
  EXPECT_EQ(tokenizer.decode(Ids{-1, 'a', 999}), "a");  // ids of no token
  EXPECT_EQ(tokenizer.decode(Ids{0xe6, 0x97}), "\ufffd");
}

TEST(TokenizerTest, AddedTokensAreFoundInTheText) {
  const Tokenizer tokenizer = tokenizer_of({.added = added_token(300, "<a>", R"(,"special":true)") + "," +
                                                     added_token(301, "<a><b>", R"(,"normalized":false)") + "," +
                                                     added_token(302, "in", R"(,"single_word":true)") + "," +
                                                     added_token(303, "<l>", R"(,"lstrip":true)") + "," +
                                                     added_token(304, "<r>", R"(,"rstrip":true)")});
  EXPECT_THAT(tokenizer.encode("x<a>y"), ElementsAre('x', 300, 'y'));
  EXPECT_THAT(tokenizer.encode("<a><b><a>"), ElementsAre(301, 300));  // the longest
  EXPECT_THAT(tokenizer.encode("in into"), ElementsAre(302, ' ', 'i', 'n', 't', 'o'));
  EXPECT_THAT(tokenizer.encode("éin"), ElementsAre(0xc3, 0xa9, 'i', 'n'));
  EXPECT_THAT(tokenizer.encode("²in"), ElementsAre(0xc2, 0xb2, 302));  // a number, but no decimal digit
  EXPECT_THAT(tokenizer.encode("\u200din").size(), 5u);                // a joiner belongs to the word
  EXPECT_THAT(tokenizer.encode("a  <l> b"), ElementsAre('a', 303, ' ', 'b'));
  EXPECT_THAT(tokenizer.encode("a <r>\n\u3000b"), ElementsAre('a', ' ', 304, 'b'));
  EXPECT_THAT(tokenizer.encode("<r> <l>"), ElementsAre(304, 303));
  EXPECT_EQ(tokenizer.decode(Ids{'x', 300, 'y'}, {.skip_special = true}), "xy");
  EXPECT_EQ(tokenizer.decode(Ids{'x', 300, 301}), "x<a><a><b>");
}

TEST(TokenizerTest, NormalisesTextButNotTokensThatAreRaw) {
  const Tokenizer tokenizer = tokenizer_of({.normalizer = R"({"type":"Sequence","normalizers":[{"type":"NFC"}]})",
                                            .added = added_token(300, "e\u0301", R"(,"normalized":true)") + "," +
                                                     added_token(301, "o\u0301", R"(,"normalized":false)")});
  EXPECT_THAT(tokenizer.encode("a\u0301"), ElementsAre(0xc3, 0xa1));
  EXPECT_THAT(tokenizer.encode("\u00e9"), ElementsAre(300));  // both are normalised before they are compared
  EXPECT_THAT(tokenizer.encode("o\u0301"), ElementsAre(301));
  EXPECT_THAT(tokenizer.encode("\u00f3"), ElementsAre(0xc3, 0xb3));
}

TEST(TokenizerTest, TheTemplateGoesAroundTheText) {
  TokenizerFile file{.added = added_token(300, "<s>", R"(,"special":true)") + "," + added_token(301, "</s>")};
  file.post_processor =
      R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},)"
      R"({"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],"pair":[],"special_tokens":)"
      R"({"<s>":{"id":"<s>","ids":[300],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[301,300],"tokens":[]}}})";
  EXPECT_THAT(tokenizer_of(file).encode("x"), ElementsAre(300, 'x', 301, 300));
  EXPECT_THAT(tokenizer_of(file).encode("x", false), ElementsAre('x'));
  EXPECT_THAT(tokenizer_of(file).encode(""), ElementsAre(300, 301, 300));
}

TEST(TokenizerTest, AByteWithoutATokenIsTheUnknownOneOrAnError) {
  const std::string text =
      R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},)"
      R"("model":{"vocab":{"a":0,"b":1,"<unk>":2},"merges":[])";
  EXPECT_THAT(refusal([&] { Tokenizer::parse(text + "}}", "t").encode("abc"); }),
              HasSubstr("the vocabulary has no token for byte 0x63"));
  EXPECT_THAT(Tokenizer::parse(text + R"(,"unk_token":"<unk>"}})", "t").encode("acb"), ElementsAre(0, 2, 1));
}

TEST(TokenizerTest, RefusesTextThatIsNotUtf8) {
  const Tokenizer tokenizer = tokenizer_of({});
  EXPECT_THAT(refusal([&] { tokenizer.encode("ab\xff"); }), HasSubstr("text byte 2 = 0xff violates UTF-8"));
  EXPECT_THAT(refusal([&] { tokenizer.encode("\xed\xa0\x80"); }), HasSubstr("text byte 0"));  // a surrogate
  EXPECT_THAT(refusal([&] { tokenizer.encode("\xc3"); }), HasSubstr("text byte 0"));
}

TEST(TokenizerRefusalTest, NamesWhatItDoesNotRead) {
  EXPECT_THAT(refusal_of({.normalizer = R"({"type":"Lowercase"})"}),
              HasSubstr("normalizer 'Lowercase' is not one of NFC"));
  EXPECT_THAT(refusal_of({.pre_tokenizer = "null"}), HasSubstr("does not end with ByteLevel"));
  EXPECT_THAT(refusal_of({.pre_tokenizer = R"({"type":"Metaspace"})"}), HasSubstr("pre-tokenizer 'Metaspace'"));
  EXPECT_THAT(refusal_of({.model = R"(,"dropout":0.1)"}), HasSubstr("'dropout' = 0.1"));
  EXPECT_THAT(refusal_of({.model = R"(,"byte_fallback":true)"}), HasSubstr("'byte_fallback' is not read"));
  EXPECT_THAT(refusal_of({.model = R"(,"end_of_word_suffix":"</w>")"}), HasSubstr("'end_of_word_suffix' is not read"));
  EXPECT_THAT(refusal_of({.post_processor = R"({"type":"BertProcessing"})"}),
              HasSubstr("post-processor 'BertProcessing'"));
  EXPECT_THAT(refusal_of({.decoder = "null"}), HasSubstr("there is no ByteLevel decoder"));
  EXPECT_THAT(refusal_of({.decoder = R"({"type":"WordPiece"})"}), HasSubstr("decoder 'WordPiece'"));
  EXPECT_THAT(refusal([] { Tokenizer::parse(R"({"model":{"type":"Unigram"}})", "t"); }),
              HasSubstr("does not end with ByteLevel"));
}

TEST(TokenizerRefusalTest, IdsMustBeInRangeAndOfOneToken) {
  EXPECT_THAT(refusal_of({.vocabulary = R"("ab":-1)"}), HasSubstr("id -1 of 'ab' violates 0 <= id <= 2147483646"));
  EXPECT_THAT(refusal_of({.vocabulary = R"("ab":18446744073709551615)"}), HasSubstr("violates 0 <= id"));
  EXPECT_THAT(refusal_of({.vocabulary = R"("ab":1.5)"}), HasSubstr("id 1.5 of 'ab'"));
  EXPECT_THAT(refusal_of({.vocabulary = R"("ab":97)"}), HasSubstr("id 97 is given to"));
  EXPECT_THAT(refusal_of({.vocabulary = R"("ab":300,"ab":301)"}), HasSubstr("key 'ab' appears twice"));
  EXPECT_THAT(refusal_of({.added = added_token(97, "<x>")}), HasSubstr("id 97 is given to 'a' and to '<x>'"));
  EXPECT_THAT(refusal_of({.added = added_token(300, "a")}), HasSubstr("'a' has the ids 97 and 300"));
  EXPECT_THAT(refusal_of({.added = added_token(300, "<x>") + "," + added_token(300, "<x>")}),
              HasSubstr("listed twice"));
  EXPECT_THAT(refusal_of({.added = added_token(300, "")}), HasSubstr("an added token of 0 bytes violates 1 .. 4096"));
  EXPECT_THAT(refusal_of({.added = added_token(300, std::string(5000, 'x'))}), HasSubstr("of 5000 bytes violates"));
}

TEST(TokenizerRefusalTest, MergesMustBeOfTokens) {
  EXPECT_THAT(refusal_of({.merges = R"("a xyz")"}), HasSubstr("merged token 'xyz' is not in the vocabulary"));
  EXPECT_THAT(refusal_of({.merges = R"("a b")"}), HasSubstr("the product of a merge, 'ab' is not in the vocabulary"));
  EXPECT_THAT(refusal_of({.merges = R"("ab")"}), HasSubstr("merge 'ab' is not two tokens"));
  EXPECT_THAT(refusal_of({.merges = R"("a b c")"}), HasSubstr("is not two tokens"));
  EXPECT_THAT(refusal_of({.merges = R"(["a"])"}), HasSubstr("'merges' holds a list, not a text or a pair"));
  EXPECT_THAT(refusal_of({.merges = "7"}), HasSubstr("'merges' holds 7"));
}

std::string split_with(std::string_view pattern) {
  return fmt::format(R"({{"type":"Sequence","pretokenizers":[{{"type":"Split","pattern":{},"behavior":"Isolated"}},)"
                     R"({{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}}]}})",
                     pattern);
}

TEST(TokenizerRefusalTest, PatternsMustBeExpressions) {
  EXPECT_THAT(refusal_of({.pre_tokenizer = split_with(R"({"Regex":"(a"})")}),
              HasSubstr("tokenizer.json: no regular expression: '(a': end pattern with unmatched parenthesis"));
  EXPECT_THAT(refusal_of({.pre_tokenizer = split_with(R"({"Regex":"\\p{Nonsense}"})")}),
              HasSubstr("invalid character property"));
  EXPECT_THAT(refusal_of({.pre_tokenizer = split_with(R"({"String":""})")}), HasSubstr("looks for is empty"));
  EXPECT_THAT(refusal_of({.pre_tokenizer = split_with(R"({"Glob":"*"})")}), HasSubstr("'Regex' is missing"));
  const std::string deep = std::string(2000, '(') + "a" + std::string(2000, ')');
  EXPECT_THAT(refusal_of({.pre_tokenizer = split_with("{\"Regex\":\"" + deep + "\"}")}),
              HasSubstr("parse depth limit over"));
  const std::string long_pattern(kRegexPatternLimit + 1, 'a');
  EXPECT_THAT(refusal_of({.pre_tokenizer = split_with("{\"Regex\":\"" + long_pattern + "\"}")}),
              HasSubstr("65537 bytes violates"));
}

// Fibonacci(n) ways to read n letters, and none ends at the end.
TEST(TokenizerRefusalTest, AnExpressionThatBacktracksForEverIsStopped) {
  const Tokenizer tokenizer = tokenizer_of({.pre_tokenizer = split_with(R"({"Regex":"(?:a|aa)+$"})")});
  EXPECT_THAT(tokenizer.encode("aaab"), ElementsAre('a', 'a', 'a', 'b'));
  EXPECT_THAT(refusal([&] { tokenizer.encode(std::string(60, 'a') + "b"); }), HasSubstr("backtracks too much"));
}

TEST(TokenizerRefusalTest, TemplatesMustHoldOneTextAndKnownTokens) {
  const auto with = [](std::string_view single, std::string_view special) {
    return refusal_of(
        {.post_processor =
             fmt::format(R"({{"type":"TemplateProcessing","single":[{}],"special_tokens":{{{}}}}})", single, special)});
  };
  const std::string text = R"({"Sequence":{"id":"A","type_id":0}})";
  EXPECT_THAT(with("", ""), HasSubstr("leaves the text out"));
  EXPECT_THAT(with(text + "," + text, ""), HasSubstr("more than one text"));
  EXPECT_THAT(with(R"({"SpecialToken":{"id":"<s>"}},)" + text, ""), HasSubstr("'<s>' is not among its special_tokens"));
  EXPECT_THAT(with(R"({"SpecialToken":{"id":"<s>"}},)" + text, R"("<s>":{"ids":[999]})"),
              HasSubstr("has id 999, which is no token"));
  EXPECT_EQ(with(text, ""), "no error");
}

TEST(TokenizerRefusalTest, HostileDocumentsEndInOneShortLine) {
  const auto parse = [](std::string_view text) { return refusal([&] { Tokenizer::parse(text, "t"); }); };
  const std::string whole = kMerging.text();
  EXPECT_THAT(parse(whole.substr(0, whole.size() / 2)), HasSubstr("bad JSON"));
  EXPECT_THAT(parse(std::string(100000, '[')), HasSubstr("nested 100000 deep"));
  EXPECT_THAT(parse("[]"), HasSubstr("is not an object"));
  EXPECT_THAT(parse("{}"), HasSubstr("does not end with ByteLevel"));
  EXPECT_LT(refusal_of({.merges = "\"" + std::string(1'000'000, 'z') + "\""}).size(), 500u);
}

TEST(TokenizerConfigTest, ReadsWhatDecodingNeeds) {
  const TokenizerConfig config = parse_tokenizer_config(
      R"({"clean_up_tokenization_spaces":true,"bos_token":"<s>","eos_token":{"content":"</s>","special":true},"x":[1]})",
      "c");
  EXPECT_TRUE(config.clean_up);
  EXPECT_EQ(config.bos, "<s>");
  EXPECT_EQ(config.eos, "</s>");
  EXPECT_EQ(config.pad, "");
  EXPECT_FALSE(parse_tokenizer_config("{}", "c").clean_up);
  EXPECT_THAT(refusal([] { parse_tokenizer_config(R"({"eos_token":7})", "c"); }), HasSubstr("eos_token is neither"));
  EXPECT_THAT(refusal([] { parse_tokenizer_config("[]", "c"); }), HasSubstr("not a JSON object"));
}

// Any UTF-8 text of characters of one to four bytes.
rc::Gen<std::string> arbitrary_text() {
  const auto pieces =
      rc::gen::element<std::string>("a", "b", "ab", " ", "  ", "\n", "'s", "9", "é", "日", "👩", "\u0301", ".", "\r");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(pieces), [](const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += part;
    return text;
  });
}

RC_GTEST_PROP(TokenizerProperty, DecodingWhatWasEncodedGivesTheText, ()) {
  static const Tokenizer tokenizer = tokenizer_of(kMerging);
  const std::string text = *arbitrary_text();
  RC_ASSERT(tokenizer.decode(tokenizer.encode(text)) == text);
}

}  // namespace
}  // namespace fathom::io
