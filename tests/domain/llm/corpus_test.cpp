// Texts: how they are split, which windows lie where, what counting predicts.
#include "fathom/domain/llm/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/domain/llm/byte_counts.h"

namespace fathom::llm {
namespace {

using ::testing::HasSubstr;

std::string numbered(std::int64_t size) {
  std::string text(static_cast<std::size_t>(size), ' ');
  for (std::int64_t i = 0; i < size; ++i) text[static_cast<std::size_t>(i)] = static_cast<char>(i % 251);
  return text;
}

TEST(Corpus, StretchesCoverTheTextOnce) {
  const Corpus corpus = split(numbered(1003), 50, 0.3, 7);
  EXPECT_EQ(std::accumulate(corpus.held_out.begin(), corpus.held_out.end(), 0), 6) << "30% of 21 blocks";
  std::vector<int> seen(1003);
  for (const bool held : {false, true}) {
    std::int64_t end = -1;
    for (const Stretch& stretch : corpus.stretches(held)) {
      EXPECT_GT(stretch.begin, end) << "neighbours are one stretch";
      end = stretch.begin + stretch.size;
      for (std::int64_t i = stretch.begin; i < end; ++i) {
        ++seen[static_cast<std::size_t>(i)];
        EXPECT_EQ(corpus.held_out[static_cast<std::size_t>(i / 50)] != 0, held);
      }
    }
  }
  EXPECT_THAT(seen, testing::Each(1));
  EXPECT_EQ(corpus.bytes(false) + corpus.bytes(true), 1003);
}

TEST(Corpus, SplitFollowsFromTheSeedAlone) {
  EXPECT_EQ(split(numbered(1000), 50, 0.3, 7).sha256, split(numbered(1000), 50, 0.3, 7).sha256);
  EXPECT_NE(split(numbered(1000), 50, 0.3, 7).sha256, split(numbered(1000), 50, 0.3, 8).sha256);
  EXPECT_THROW(split(numbered(90), 50, 0.1, 7), Error) << "no block would be held out";
}

TEST(Corpus, WindowsStayAmongBlocksOfTheirKind) {
  const Corpus corpus = split(numbered(2000), 64, 0.25, 3);
  std::set<std::int64_t> begins;
  for (std::uint64_t step = 0; step < 200; ++step) {
    const std::vector<std::int64_t> windows = training_windows(corpus, 40, 4, 11, step);
    EXPECT_EQ(windows, training_windows(corpus, 40, 4, 11, step));
    for (const std::int64_t begin : windows) {
      begins.insert(begin);
      for (const std::int64_t at : {begin, begin + 39})
        EXPECT_EQ(corpus.held_out[static_cast<std::size_t>(at / 64)], 0);
    }
  }
  EXPECT_GT(begins.size(), 300u) << "800 draws out of about a thousand begins";
  const std::vector<std::int64_t> test = test_windows(corpus, 40, 3);
  ASSERT_EQ(test.size(), 3u);
  for (std::size_t i = 0; i < test.size(); ++i) {
    for (const std::int64_t at : {test[i], test[i] + 39})
      EXPECT_EQ(corpus.held_out[static_cast<std::size_t>(at / 64)], 1);
    if (i > 0) {
      EXPECT_GE(test[i], test[i - 1] + 40) << "they do not overlap";
    }
  }
  EXPECT_THROW(training_windows(corpus, 1999, 1, 0, 0), Error);
}

TEST(Corpus, ComesBackFromItsFileAndDamageIsSeen) {
  const auto path = std::filesystem::temp_directory_path() / ("fathom-corpus-" + std::to_string(::getpid()));
  Corpus corpus = split(numbered(500), 50, 0.2, 1);
  corpus.draw = "how";
  save_corpus(path, corpus);
  const Corpus back = load_corpus(path);
  EXPECT_EQ(back.text, corpus.text);
  EXPECT_EQ(back.held_out, corpus.held_out);
  EXPECT_EQ(back.draw, "how");
  EXPECT_EQ(back.sha256, corpus.sha256);
  std::string bytes = base::read_file(path);
  bytes[bytes.size() - 20] ^= 1;
  base::write_atomically(path, bytes);
  EXPECT_THROW(load_corpus(path), Error);
  std::filesystem::remove(path);
}

// "aab" repeated: 2/3 a, 1/3 b; after b comes a, always.
TEST(ByteCounts, GiveTheEntropiesOfASimpleText) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "aab";
  const Corpus corpus = split(text, 600, 0.1, 5);
  const ByteCounts counts(corpus);
  const std::string_view window = std::string_view(text).substr(0, 3000);
  // Laplace's 256 extra counts move 54,000 ones by half a percent.
  EXPECT_NEAR(counts.unigram_loss(window), -(2 * std::log(2.0 / 3) + std::log(1.0 / 3)) / 3, 0.01);
  // After a an a or a b, half and half: two of three bytes cost ln 2.
  EXPECT_NEAR(counts.bigram_loss(window), 2 * std::log(2.0) / 3, 0.01);
}

TEST(ByteCounts, ProbabilitiesSumToOne) {
  const Corpus corpus = split(numbered(3000), 100, 0.1, 5);
  const ByteCounts counts(corpus);
  double single = 0, pairs = 0;
  for (int b = 0; b < 256; ++b) {
    const std::string window = {'x', static_cast<char>(b)};
    const double first = counts.unigram_loss("x");
    single += std::exp(-counts.unigram_loss(std::string(1, static_cast<char>(b))));
    pairs += std::exp(-(2 * counts.bigram_loss(window) - first));
  }
  EXPECT_NEAR(single, 1, 1e-12);
  EXPECT_NEAR(pairs, 1, 1e-12);
}

}  // namespace
}  // namespace fathom::llm
