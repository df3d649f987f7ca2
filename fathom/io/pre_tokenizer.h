// The cut of text into pieces, inside which byte pairs are merged: the steps that "pre_tokenizer" of a tokenizer.json
// lists, as the Hugging Face library of that format runs them. Each step works on every piece that the one before left.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fathom/io/regex.h"

namespace fathom::io {

// What becomes of the matches of a pattern. With `.` as the pattern, "a..b" gives
enum class SplitBehaviour {
  removed,               // a b
  isolated,              // a . . b
  merged_with_previous,  // a. . b
  merged_with_next,      // a . .b
  contiguous             // a .. b
};

// A literal text or an expression; `invert` exchanges what matches and what lies between.
struct Split {
  std::variant<std::string, Regex> pattern;
  SplitBehaviour behaviour = SplitBehaviour::isolated;
  bool invert = false;
};

// A space before each piece that does not begin with one.
struct PrefixSpace {};

using PreTokenizerStep = std::variant<Split, PrefixSpace>;

// Pieces, none empty, in text order. They view the text or `owned`, which keeps those that had to be written anew.
struct Pieces {
  std::vector<std::string_view> list;
  std::deque<std::string> owned;
};

// The text must be UTF-8 and outlive the pieces. Throws Error when an expression backtracks beyond its bound.
Pieces pre_tokenize(std::string_view text, const std::vector<PreTokenizerStep>& steps);

// The expression of GPT-2, which a ByteLevel step uses unless it is told not to.
extern const std::string_view kGpt2Pattern;

}  // namespace fathom::io
