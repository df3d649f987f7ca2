// Texts that end an answer, found while it grows: what is fed comes out again as soon as it is certain that no stop
// string begins in it, up to the first of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/io/tokenizer.h"

namespace fathom::llm {

class StopStrings {
 public:
  // Throws Error when one is empty.
  explicit StopStrings(std::vector<std::string> strings);

  // The text that is now certain; none once one of the strings was found.
  std::string feed(std::string_view text);
  bool found() const { return found_; }

  // What was held back when the text ends without one.
  std::string finish();

 private:
  std::size_t may_begin_one() const;

  std::vector<std::string> strings_;
  std::string held_;
  bool found_ = false;
};

// Tokens that end an answer in the model's own loops: begin and end of text, end of turn, and the first token of every
// stop string. Sorted, each once; names that the tokenizer does not have are left out.
std::vector<std::int64_t> stop_ids(const io::Tokenizer& tokenizer, const std::vector<std::string>& strings);

}  // namespace fathom::llm
