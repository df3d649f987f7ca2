#include "fathom/io/bpe.h"

#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

// Bytes a, b, c and merges drawn from what is there already.
struct Model {
  std::vector<BpeToken> tokens = {{"a", 0}, {"b", 1}, {"c", 2}};
  std::vector<BpeMerge> merges;

  explicit Model(const std::vector<std::pair<int, int>>& draws) {
    for (const auto& [i, j] : draws) {
      const auto left = static_cast<std::size_t>(i) % tokens.size(),
                 right = static_cast<std::size_t>(j) % tokens.size();
      const std::string bytes = tokens[left].bytes + tokens[right].bytes;
      if (bytes.size() > 6) continue;
      std::size_t at = 0;
      while (at < tokens.size() && tokens[at].bytes != bytes) ++at;
      if (at == tokens.size()) tokens.push_back({bytes, static_cast<std::int32_t>(at)});
      merges.push_back(
          {static_cast<std::int32_t>(left), static_cast<std::int32_t>(right), static_cast<std::int32_t>(at)});
    }
  }

  // The definition: look at all pairs, join the first of the least rank, begin again.
  std::vector<std::int64_t> by_definition(const std::string& piece) const {
    std::vector<std::int64_t> ids;
    for (const char c : piece) ids.push_back(c - 'a');
    for (;;) {
      std::size_t best = merges.size(), place = 0;
      for (std::size_t at = 0; at + 1 < ids.size(); ++at) {
        const std::size_t rank = last_rank(ids[at], ids[at + 1]);
        if (rank < best) {
          best = rank;
          place = at;
        }
      }
      if (best == merges.size()) return ids;
      ids[place] = merges[best].joined;
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(place) + 1);
    }
  }

  std::size_t last_rank(std::int64_t left, std::int64_t right) const {
    for (std::size_t rank = merges.size(); rank-- > 0;) {
      if (merges[rank].left == left && merges[rank].right == right) return rank;
    }
    return merges.size();
  }
};

RC_GTEST_PROP(BpeProperty, TheQueueGivesWhatTheDefinitionGives, ()) {
  const auto number = rc::gen::inRange(0, 1000);
  const Model model(*rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(number, number)));
  const auto piece = *rc::gen::container<std::string>(rc::gen::inRange('a', 'd'));
  std::vector<std::int64_t> ids;
  Bpe(model.tokens, model.merges).encode(piece, ids);
  RC_ASSERT(ids == model.by_definition(piece));
}

// Quadratic work would be 10^12 steps here.
TEST(BpeTest, AMillionEqualLettersAreOnePiece) {
  std::vector<BpeToken> tokens = {{"a", 0}};
  std::vector<BpeMerge> merges;
  for (std::int32_t id = 0; id < 10; ++id) {
    tokens.push_back({tokens.back().bytes + tokens.back().bytes, id + 1});
    merges.push_back({id, id, id + 1});
  }
  std::vector<std::int64_t> ids;
  Bpe(tokens, merges).encode(std::string(1'000'000, 'a'), ids);
  // 1000000 = 976 * 1024 + 576, 576 = 512 + 64
  std::vector<std::int64_t> expected(976, 10);
  expected.insert(expected.end(), {9, 6});
  EXPECT_EQ(ids, expected);
}

}  // namespace
}  // namespace fathom::io
