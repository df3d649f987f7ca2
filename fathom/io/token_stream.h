// Decoding token by token: what is pushed comes out as soon as no later token can change it. A character whose bytes
// are spread over tokens waits for its last byte; with clean_up a word may wait for its end. All that came out, joined,
// is Tokenizer::decode of all ids.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/io/tokenizer.h"

namespace fathom::io {

class TokenStream {
 public:
  explicit TokenStream(Tokenizer tokenizer, const DecodeOptions& options = {});

  std::string push(std::int64_t id);  // the text that is now certain, "" when none is
  std::string finish();               // the rest; the stream begins anew

 private:
  Tokenizer tokenizer_;
  DecodeOptions options_;
  std::string bytes_;  // of a character that is not finished
  std::string text_;   // that clean-up may still change
};

}  // namespace fathom::io
