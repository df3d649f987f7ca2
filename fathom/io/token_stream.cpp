#include "fathom/io/token_stream.h"

#include <utility>

#include "fathom/io/clean_up.h"
#include "fathom/base/utf8.h"

namespace fathom::io {

TokenStream::TokenStream(Tokenizer tokenizer, const DecodeOptions& options)
    : tokenizer_(std::move(tokenizer)), options_(options) {}

std::string TokenStream::push(std::int64_t id) {
  if (options_.skip_special && tokenizer_.is_special(id)) return "";
  bytes_ += tokenizer_.bytes_of(id);
  const std::size_t whole = bytes_.size() - base::unfinished_utf8_bytes(bytes_);
  text_ += base::replace_invalid_utf8(std::string_view(bytes_).substr(0, whole));
  bytes_.erase(0, whole);
  if (!options_.clean_up) return std::exchange(text_, {});
  const std::size_t settled = settled_bytes(text_);
  const std::string out = clean_up(std::string_view(text_).substr(0, settled));
  text_.erase(0, settled);
  return out;
}

std::string TokenStream::finish() {
  const std::string rest = std::exchange(text_, {}) + base::replace_invalid_utf8(std::exchange(bytes_, {}));
  return options_.clean_up ? clean_up(rest) : rest;
}

}  // namespace fathom::io
