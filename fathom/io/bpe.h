// Byte-pair encoding: a piece of text begins as single bytes; of all neighbours that a merge joins, the pair whose
// merge comes first in the list (the leftmost of equals) becomes one token, until no pair is left.
//   [Sennrich2016]
// Cost: n log n for a piece of n bytes, memory 40 n; a piece that is itself a token which its merges reach costs one
// look into a table. Safe to share between threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fathom/io/pair_table.h"

namespace fathom::io {

struct BpeToken {
  std::string bytes;
  std::int32_t id = -1;
};

// left and right become `joined`.
struct BpeMerge {
  std::int32_t left, right, joined;
};

struct BpeOptions {
  bool ignore_merges = false;  // a piece that is a token as a whole is that token, reachable or not
  std::int32_t unknown = -1;   // id for a byte that is no token; -1: such a byte is an Error
};

class Bpe {
 public:
  // Merges in order of rank; a pair that is listed twice has the later rank. Ids must be >= 0, bytes different.
  Bpe(std::vector<BpeToken> tokens, const std::vector<BpeMerge>& merges, const BpeOptions& options = {});

  // Appends the ids of a piece. Throws Error for a byte without a token.
  void encode(std::string_view piece, std::vector<std::int64_t>& ids) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  void merge(std::string_view piece, std::vector<std::int64_t>& ids) const;
  bool is_reachable(const BpeToken& token) const;
  std::int32_t id_of(unsigned char byte) const;

  PairTable merges_;
  std::int32_t byte_ids_[256];
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> whole_;  // pieces that are one token
};

}  // namespace fathom::io
