#include "fathom/io/pre_tokenizer.h"

#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using testing::ElementsAre;

std::vector<std::string> pieces(std::string_view text, const std::vector<PreTokenizerStep>& steps) {
  const Pieces cut = pre_tokenize(text, steps);
  return {cut.list.begin(), cut.list.end()};
}

std::vector<std::string> split(std::string_view text, SplitBehaviour behaviour, bool invert = false) {
  return pieces(text, {Split{std::string("."), behaviour, invert}});
}

TEST(PreTokenizerTest, EachBehaviour) {
  EXPECT_THAT(split("a..b", SplitBehaviour::removed), ElementsAre("a", "b"));
  EXPECT_THAT(split("a..b", SplitBehaviour::isolated), ElementsAre("a", ".", ".", "b"));
  EXPECT_THAT(split("a..b", SplitBehaviour::merged_with_previous), ElementsAre("a.", ".", "b"));
  EXPECT_THAT(split("a..b", SplitBehaviour::merged_with_next), ElementsAre("a", ".", ".b"));
  EXPECT_THAT(split("a..b", SplitBehaviour::contiguous), ElementsAre("a", "..", "b"));
}

TEST(PreTokenizerTest, MatchesAtTheEnds) {
  EXPECT_THAT(split(".a.", SplitBehaviour::merged_with_previous), ElementsAre(".", "a."));
  EXPECT_THAT(split(".a.", SplitBehaviour::merged_with_next), ElementsAre(".a", "."));
  EXPECT_THAT(split(".a.", SplitBehaviour::removed), ElementsAre("a"));
  EXPECT_THAT(split(".a.", SplitBehaviour::removed, true), ElementsAre(".", "."));
  EXPECT_THAT(split("", SplitBehaviour::isolated), ElementsAre());
}

TEST(PreTokenizerTest, EmptyMatchesCutAndVanish) {
  EXPECT_THAT(pieces("aé日", {Split{Regex("x*", "t"), SplitBehaviour::isolated, false}}), ElementsAre("a", "é", "日"));
}

TEST(PreTokenizerTest, StepsWorkOnThePiecesOfTheOneBefore) {
  const std::vector<PreTokenizerStep> steps = {Split{std::string("-"), SplitBehaviour::removed, false}, PrefixSpace{},
                                               Split{Regex(kGpt2Pattern, "t")}};
  EXPECT_THAT(pieces("it's-42 x", steps), ElementsAre(" it", "'s", " 42", " x"));
}

TEST(PreTokenizerTest, Gpt2KeepsTheLastSpaceForTheWord) {
  EXPECT_THAT(pieces("a   b \n", {Split{Regex(kGpt2Pattern, "t")}}), ElementsAre("a", "  ", " b", " \n"));
}

}  // namespace
}  // namespace fathom::io
