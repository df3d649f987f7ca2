#include "fathom/base/error.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace fathom::base {
namespace {

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Error, NamesPlaceValueBoundAndHint) {
  EXPECT_EQ(message_of([] { require(false, "solve::picard", "damping", 1.5, "(0, 1]", "lower it"); }),
            "[solve::picard] damping = 1.5 violates (0, 1]; lower it");
  EXPECT_EQ(message_of([] { require(true, "solve::picard", "damping", 0.5, "(0, 1]", "lower it"); }), "no error");
  EXPECT_EQ(message_of([] { fail("io::mps", "line {} of {}", 3, "x.mps"); }), "[io::mps] line 3 of x.mps");
}

TEST(Error, TextWithBracesIsNotAFormat) {
  EXPECT_EQ(message_of([] { fail("a::b", std::string_view("{oops}")); }), "[a::b] {oops}");
}

TEST(Error, UsageErrorsAreErrors) { EXPECT_THROW(throw UsageError("x"), Error); }

const std::vector<std::string> kNames = {"solver.damping", "solver.depth", "train.epochs", "seed"};

TEST(Nearest, FindsMisspellings) {
  EXPECT_EQ(nearest("solver.dampin", kNames), "solver.damping");
  EXPECT_EQ(nearest("solver.dmaping", kNames), "solver.damping");
  EXPECT_EQ(nearest("sed", kNames), "seed");
  EXPECT_EQ(nearest("esed", kNames), "seed") << "an exchange of neighbours counts once";
}

TEST(Nearest, OffersNothingForAStrangeWord) {
  EXPECT_EQ(nearest("wavelet", kNames), "");
  EXPECT_EQ(nearest("", kNames), "");
  EXPECT_EQ(nearest("x", {}), "");
  EXPECT_EQ(nearest(std::string(1000000, 's'), kNames), "") << "and answers at once";
}

TEST(Nearest, PrefersTheCloserAndThenTheFirst) {
  EXPECT_EQ(nearest("abcd", {"abcx", "abcd"}), "abcd");
  EXPECT_EQ(nearest("abcd", {"abcx", "abcy"}), "abcx");
}

RC_GTEST_PROP(Nearest, AnyNameWithOneLetterLostIsFound, ()) {
  const auto name = *rc::gen::elementOf(kNames);
  const auto at = *rc::gen::inRange<std::size_t>(0, name.size());
  std::string word = name;
  word.erase(at, 1);
  RC_ASSERT(nearest(word, kNames) == name);
}

}  // namespace
}  // namespace fathom::base
