// Tokens that a tokenizer finds in the text itself, before the rest is cut into pieces: "<|end_text|>" and the like.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fathom::io {

struct AddedToken {
  std::int64_t id = -1;
  std::string content;
  bool special = false;      // decoding may leave it out
  bool normalized = false;   // is looked for in the normalised text, itself normalised
  bool single_word = false;  // counts only between characters of no word
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // and after it
};

// A token found (id >= 0), or text between two.
struct Segment {
  std::string_view text;
  std::int64_t id = -1;
};

// Finds tokens from left to right, the longest at each place, none overlapping the one before. Cost: for each byte of
// the text at most the length of the longest token; one table access where no token begins so.
class TokenMatcher {
 public:
  // Contents must not be empty, and different.
  explicit TokenMatcher(std::vector<AddedToken> tokens);

  // The text (UTF-8) as segments, in order, none of text empty.
  std::vector<Segment> split(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text) const;
  std::int64_t child(std::int64_t node, char byte) const;

  std::vector<AddedToken> tokens_;
  std::array<bool, 256> begins_{};
  std::unordered_map<std::uint64_t, std::int64_t> children_;  // (node, byte) -> node
  std::vector<std::int64_t> token_at_;                        // of each node; -1: none ends here
};

}  // namespace fathom::io
