// The text of an answer as its tokens come: what is certain of it, up to the first stop string. A character or a stop
// string that is spread over tokens is held back until it is whole or refuted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/llm/stop_strings.h"
#include "fathom/io/token_stream.h"

namespace fathom::llm {

class AnswerText {
 public:
  AnswerText(io::Tokenizer tokenizer, const io::DecodeOptions& decode, std::vector<std::string> stops)
      : stream_(std::move(tokenizer), decode), stops_(std::move(stops)) {}

  std::string add(std::int64_t id) { return stops_.feed(stream_.push(id)); }
  // The rest, when no token follows.
  std::string finish() { return stops_.feed(stream_.finish()) + stops_.finish(); }
  bool stopped() const { return stops_.found(); }  // by a stop string

 private:
  io::TokenStream stream_;
  StopStrings stops_;
};

}  // namespace fathom::llm
