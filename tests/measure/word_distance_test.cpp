#include "fathom/measure/word_distance.h"

#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::measure {
namespace {

using testing::ElementsAre;

TEST(WordDistanceTest, WordsAreSplitAsPythonDoes) {
  EXPECT_THAT(words(""), ElementsAre());
  EXPECT_THAT(words(" \n\t"), ElementsAre());
  EXPECT_THAT(words(" a  b,c\nd "), ElementsAre("a", "b,c", "d"));
  EXPECT_THAT(words("a\u00a0b\u2003c\u3000d\x1c"
                    "e\u200bf"),
              ElementsAre("a", "b", "c", "d", "e\u200bf"));
}

TEST(WordDistanceTest, ByHand) {
  EXPECT_EQ(word_levenshtein("", ""), 0);
  EXPECT_EQ(word_levenshtein("a b c", ""), 3);
  EXPECT_EQ(word_levenshtein("a b c", "a c"), 1);
  EXPECT_EQ(word_levenshtein("a b c", "a x c"), 1);
  EXPECT_EQ(word_levenshtein("a b", "b a"), 2);  // an exchange of neighbours is two steps
  EXPECT_EQ(word_levenshtein("k i t t e n", "s i t t i n g"), 3);
  EXPECT_EQ(word_levenshtein("a  b\nc", "a b c"), 0);
  EXPECT_EQ(word_levenshtein("explain the difference between charge and voltage.",
                             "explain the difference between charge and pay."),
            1);
}

// The definition, without a table.
std::int64_t by_definition(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b,
                           std::size_t i = 0, std::size_t j = 0) {
  if (i == a.size()) return static_cast<std::int64_t>(b.size() - j);
  if (j == b.size()) return static_cast<std::int64_t>(a.size() - i);
  if (a[i] == b[j]) return by_definition(a, b, i + 1, j + 1);
  return 1 +
         std::min({by_definition(a, b, i + 1, j), by_definition(a, b, i, j + 1), by_definition(a, b, i + 1, j + 1)});
}

rc::Gen<std::string> text() {
  return rc::gen::resize(7, rc::gen::container<std::string>(rc::gen::element('a', 'b', ' ')));
}

RC_GTEST_PROP(WordDistanceProperty, IsTheDefinitionAndAMetric, ()) {
  const std::string a = *text(), b = *text(), c = *text();
  RC_ASSERT(word_levenshtein(a, b) == by_definition(words(a), words(b)));
  RC_ASSERT(word_levenshtein(a, b) == word_levenshtein(b, a));
  RC_ASSERT((word_levenshtein(a, b) == 0) == (words(a) == words(b)));
  RC_ASSERT(word_levenshtein(a, c) <= word_levenshtein(a, b) + word_levenshtein(b, c));
}

}  // namespace
}  // namespace fathom::measure
