// Text to token ids and back, as a tokenizer.json says (io/tokenizer_json.h lists which are read).
//   encode   added tokens are found in the text; the rest is normalised, cut into pieces, and each piece's bytes merged
//            (byte-pair encoding); the template's tokens go around it all.
//   decode   the tokens' bytes in order; bytes that are not UTF-8 become U+FFFD.
// Text that a pre-tokenizer removes is gone: decode(encode(text)) is text only where none removes and no added token
// strips.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::io {

struct DecodeOptions {
  bool skip_special = false;  // leave special tokens out
  bool clean_up = false;      // tidy the spaces of English (io/clean_up.h)
};

// Cheap to copy, unchanging, safe to share between threads.
class Tokenizer {
 public:
  // Throws Error with `origin` and the cause when the text is not such a file. Cost: 0.3 s for 65,000 tokens.
  static Tokenizer parse(std::string_view json, std::string_view origin);
  static Tokenizer read(const std::filesystem::path& tokenizer_json);

  // Throws Error for text that is not UTF-8, a byte that no token stands for, or an expression of the pre-tokenizer
  // that backtracks beyond its bound. Cost: linear in the text but for long pieces (io/bpe.h).
  std::vector<std::int64_t> encode(std::string_view text, bool with_template = true) const;

  // Ids without a token (a model's vocabulary may be padded) decode to nothing, as in the Hugging Face library.
  std::string decode(std::span<const std::int64_t> ids, const DecodeOptions& options = {}) const;

  // The bytes of one token; "" for an id without a token.
  std::string_view bytes_of(std::int64_t id) const;
  bool is_special(std::int64_t id) const;

  // The id of an added token or a vocabulary entry by the text it stands for.
  std::optional<std::int64_t> id_of(std::string_view text) const;

  std::size_t tokens() const;       // how many there are
  std::int64_t largest_id() const;  // a model's embedding needs at least one row more

 private:
  struct Parts;
  explicit Tokenizer(std::shared_ptr<const Parts> parts);

  std::shared_ptr<const Parts> parts_;
};

}  // namespace fathom::io
