#include "fathom/io/tokenizer.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/byte_alphabet.h"
#include "fathom/io/clean_up.h"
#include "fathom/io/tokenizer_json.h"
#include "fathom/base/utf8.h"

namespace fathom::io {
namespace {

constexpr std::uintmax_t kFileLimit = std::uintmax_t{1} << 28;  // 10 times the largest known

std::string normalized_text(std::string_view text, const std::vector<NormalForm>& forms) {
  std::string out(text);
  for (const NormalForm form : forms) out = normalized(out, form);
  return out;
}

// The added tokens that are looked for in the raw text (false) or in the normalised one (true), contents to match.
std::vector<AddedToken> looked_for(const TokenizerParts& file, bool in_normalized) {
  std::vector<AddedToken> tokens;
  for (const AddedToken& token : file.added) {
    if (token.normalized != in_normalized) continue;
    tokens.push_back(token);
    if (in_normalized) tokens.back().content = normalized_text(token.content, file.normal_forms);
  }
  return tokens;
}

}  // namespace

struct Tokenizer::Parts {
  std::vector<NormalForm> normal_forms;
  std::vector<PreTokenizerStep> pre_tokenizer;
  TokenMatcher raw, normalised;
  Bpe bpe;
  std::unordered_map<std::int64_t, std::string> bytes;
  std::unordered_map<std::string, std::int64_t> ids;
  std::unordered_set<std::int64_t> special;
  std::vector<std::int64_t> prefix, suffix;
  std::int64_t largest = -1;

  explicit Parts(const TokenizerParts& file)
      : normal_forms(file.normal_forms),
        pre_tokenizer(file.pre_tokenizer),
        raw(looked_for(file, false)),
        normalised(looked_for(file, true)),
        bpe(file.vocabulary, file.merges, file.bpe),
        prefix(file.prefix),
        suffix(file.suffix) {
    bytes.reserve(file.vocabulary.size());
    ids.reserve(file.vocabulary.size());
    for (const BpeToken& token : file.vocabulary) name(token.id, token.bytes, token.bytes);
    for (const BpeToken& token : file.outside) name(token.id, token.bytes, token.bytes);
    for (const AddedToken& token : file.added) {
      // As the reference decodes them: normalised, and by the byte alphabet where that has all of the characters.
      const std::string content = token.normalized ? normalized_text(token.content, normal_forms) : token.content;
      name(token.id, bytes_of_token(content).value_or(content), token.content);
      if (token.special) special.insert(token.id);
    }
  }

  void encode_text(std::string_view text, std::vector<std::int64_t>& tokens) const {
    const Pieces pieces = pre_tokenize(text, pre_tokenizer);
    for (const std::string_view piece : pieces.list) bpe.encode(piece, tokens);
  }

  void encode_normalised(std::string_view text, std::vector<std::int64_t>& tokens) const {
    for (const Segment& segment : normalised.split(text)) {
      if (segment.id >= 0)
        tokens.push_back(segment.id);
      else
        encode_text(segment.text, tokens);
    }
  }

  void encode(std::string_view text, std::vector<std::int64_t>& tokens) const {
    for (const Segment& segment : raw.split(text)) {
      if (segment.id >= 0)
        tokens.push_back(segment.id);
      else if (normal_forms.empty())
        encode_normalised(segment.text, tokens);
      else
        encode_normalised(normalized_text(segment.text, normal_forms), tokens);
    }
  }

 private:
  void name(std::int64_t id, const std::string& its_bytes, const std::string& text) {
    bytes.insert_or_assign(id, its_bytes);
    ids.insert_or_assign(text, id);
    largest = std::max(largest, id);
  }
};

Tokenizer::Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

Tokenizer Tokenizer::parse(std::string_view json, std::string_view origin) {
  return Tokenizer(std::make_shared<const Parts>(parse_tokenizer_json(json, origin)));
}

Tokenizer Tokenizer::read(const std::filesystem::path& path) {
  return parse(base::read_file(path, kFileLimit), path.string());
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text, bool with_template) const {
  const std::size_t valid = base::valid_utf8_bytes(text);
  if (valid != text.size()) {
    base::fail("io::Tokenizer::encode", "text byte {} = 0x{:02x} violates UTF-8; convert the text first", valid,
               static_cast<unsigned char>(text[valid]));
  }
  std::vector<std::int64_t> ids;
  if (with_template) ids = parts_->prefix;
  parts_->encode(text, ids);
  if (with_template) ids.insert(ids.end(), parts_->suffix.begin(), parts_->suffix.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int64_t> ids, const DecodeOptions& options) const {
  std::string bytes;
  for (const std::int64_t id : ids) {
    if (!options.skip_special || !is_special(id)) bytes += bytes_of(id);
  }
  std::string text = base::replace_invalid_utf8(bytes);
  return options.clean_up ? clean_up(text) : text;
}

std::string_view Tokenizer::bytes_of(std::int64_t id) const {
  const auto found = parts_->bytes.find(id);
  return found == parts_->bytes.end() ? std::string_view() : found->second;
}

bool Tokenizer::is_special(std::int64_t id) const { return parts_->special.contains(id); }

std::optional<std::int64_t> Tokenizer::id_of(std::string_view text) const {
  const auto found = parts_->ids.find(std::string(text));
  return found == parts_->ids.end() ? std::nullopt : std::optional(found->second);
}

std::size_t Tokenizer::tokens() const { return parts_->bytes.size(); }

std::int64_t Tokenizer::largest_id() const { return parts_->largest; }

}  // namespace fathom::io
