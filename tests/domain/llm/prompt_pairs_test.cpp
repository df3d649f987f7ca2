#include "fathom/domain/llm/prompt_pairs.h"

#include <cstdlib>
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/io/csv.h"
#include "fathom/measure/word_distance.h"

namespace fathom::llm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

template <class Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(PromptPairsTest, ReadsPairsWhateverTheirTextsHold) {
  const auto pairs =
      parse_prompt_pairs("index,input 1,input 2\r\n1,\"a, \"\"b\"\"\",\"line\nbreak\"\r\n7,c,\r\n", "p.csv");
  EXPECT_EQ(pairs, (std::vector<PromptPair>{{1, "a, \"b\"", "line\nbreak"}, {7, "c", ""}}));
}

TEST(PromptPairsTest, RefusesWithTheRow) {
  const auto parse = [](std::string_view text) { return refusal([&] { parse_prompt_pairs(text, "p.csv"); }); };
  EXPECT_THAT(parse(""), HasSubstr("p.csv: there is no header"));
  EXPECT_THAT(parse("index,input 1\n1,a\n"), HasSubstr("there is no column 'input 2'"));
  EXPECT_THAT(parse("index,input 1,input 2\n1,a,b\n0,a,b\n"),
              HasSubstr("index = '0' in row 2 violates an integer >= 1"));
  EXPECT_THAT(parse("index,input 1,input 2\n1x,a,b\n"), HasSubstr("index = '1x' in row 1"));
  EXPECT_THAT(parse("index,input 1,input 2\n1,a,b\n1,a,b\n"), HasSubstr("index 1 is there twice"));
  EXPECT_THAT(parse("index,index,input 1,input 2\n"), HasSubstr("column 'index' is there twice"));
}

const PairAnswers kAnswers{
    {2, 4}, {{1, {answer("a b", "a c"), answer("a\nb, \"c\"", "x")}}, {3, {answer("", ""), answer("a", "")}}}};

TEST(PromptPairsTest, AnswersComeBackFromTheirFile) {
  const std::string csv = io::to_csv(to_csv_rows(kAnswers));
  EXPECT_THAT(
      csv, testing::StartsWith("index,output1_2,output2_2,distance_2,output1_4,output2_4,distance_4\r\n1,a b,a c,1,"));
  EXPECT_EQ(parse_pair_answers(csv, "a.csv"), kAnswers);
  EXPECT_THAT(refusal([] { parse_pair_answers("index,output1_2,output2_2\n1,a,b\n", "a.csv"); }),
              HasSubstr("there is no column 'distance_2'"));
  EXPECT_THAT(refusal([] { parse_pair_answers("index,note\n1,a\n", "a.csv"); }),
              HasSubstr("column 'note' is not known"));
  EXPECT_THAT(refusal([] { parse_pair_answers("index,output1_2,output2_2,distance_2\n1,a,b,-1\n", "a.csv"); }),
              HasSubstr("distance_2 = '-1' in row 1 violates an integer >= 0"));
}

TEST(PromptPairsTest, PartsTogetherAreAll) {
  const std::vector<PromptPair> pairs = {{1, "a", "b"}, {2, "a", "b"}, {3, "a", "b"}, {4, "a", "b"}};
  EXPECT_EQ(part_of(pairs, 0, 3), (std::vector<PromptPair>{{1, "a", "b"}, {4, "a", "b"}}));
  EXPECT_EQ(part_of(pairs, 2, 3), (std::vector<PromptPair>{{3, "a", "b"}}));
  EXPECT_THAT(refusal([&] { part_of(pairs, 3, 3); }), HasSubstr("part = 3 violates 0 .. 2"));
  const PairAnswers first{{2, 4}, {kAnswers.rows[1]}}, second{{2, 4}, {kAnswers.rows[0]}};
  EXPECT_EQ(merged({first, second}), kAnswers);
  EXPECT_THAT(refusal([&] { merged({first, first}); }), HasSubstr("index 3 is in two parts"));
  EXPECT_THAT(refusal([&] { merged({first, {{2}, {}}}); }), HasSubstr("other steps"));
}

// d_in = 2, 1, 0: the last pair does not count.  (4/2 + 1/1) / 2 = 1.5,  (1/2 + 3/1) / 2 = 1.75
TEST(PromptPairsTest, LipschitzByHand) {
  const std::vector<PromptPair> pairs = {{1, "a b c", "a x y"}, {2, "a", "b"}, {3, "a", "a"}};
  const PairAnswers answers{
      {2, 4}, {{1, {{"", "", 4}, {"", "", 1}}}, {2, {{"", "", 1}, {"", "", 3}}}, {3, {{"", "", 9}, {"", "", 9}}}}};
  EXPECT_EQ(pair_lipschitz(pairs, answers), (std::vector<double>{1.5, 1.75}));
  EXPECT_THAT(refusal([&] { pair_lipschitz({{5, "a", "b"}}, answers); }), HasSubstr("index 1 is none of the pairs"));
  EXPECT_THAT(refusal([&] { pair_lipschitz(pairs, {{2}, {{3, {{"", "", 0}}}}}); }), HasSubstr("violates >= 1"));
}

TEST(PromptPairsTest, TheStudysOwnPairsDifferInOneOrTwoWords) {
  const char* data = std::getenv("FATHOM_DATA");
  const fs::path path = fs::path(data ? data : "") / "huginn/semantic_contrast_pairs_200.csv";
  if (!data || !fs::exists(path))
    GTEST_SKIP() << "FATHOM_DATA names no folder with huginn/semantic_contrast_pairs_200.csv";
  std::map<std::int64_t, int> count;
  const auto pairs = read_prompt_pairs(path);
  for (const PromptPair& pair : pairs) ++count[measure::word_levenshtein(pair.first, pair.second)];
  EXPECT_EQ(pairs.size(), 200u);
  EXPECT_EQ(count, (std::map<std::int64_t, int>{{1, 30}, {2, 170}}));
}

}  // namespace
}  // namespace fathom::llm
