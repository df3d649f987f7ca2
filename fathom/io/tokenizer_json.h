// What a tokenizer.json of the Hugging Face library says, for the family that is read here: byte-level BPE, as GPT-2,
// SmolLM, Llama 3, Qwen and Huginn have it.
//   normalizer      null, NFC, NFD, NFKC, NFKD or a Sequence of them
//   pre_tokenizer   ByteLevel, alone or as the last of a Sequence after Split (String or Regex) and Digits
//   model           BPE; merges as "a b" or ["a", "b"]; ignore_merges; unk_token
//   post_processor  null, ByteLevel, TemplateProcessing or a Sequence of them
//   decoder         ByteLevel
// Anything else (dropout, prefixes of words, byte_fallback, Metaspace, ...) is refused with its name, as are a
// malformed file, an id below 0 or above kTokenIdLimit, an id given to two tokens, merges of unknown tokens, an
// expression that is none. Memory: a few times the file, whatever ids it names.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fathom/io/added_tokens.h"
#include "fathom/io/bpe.h"
#include "fathom/io/normal_form.h"
#include "fathom/io/pre_tokenizer.h"

namespace fathom::io {

inline constexpr std::int64_t kTokenIdLimit = (std::int64_t{1} << 31) - 2;

struct TokenizerParts {
  std::vector<NormalForm> normal_forms;
  std::vector<PreTokenizerStep> pre_tokenizer;
  std::vector<BpeToken> vocabulary;  // the bytes that each entry stands for
  std::vector<BpeToken> outside;     // entries that are not in the byte alphabet: they can be decoded, never encoded
  std::vector<BpeMerge> merges;
  BpeOptions bpe;
  std::vector<AddedToken> added;
  std::vector<std::int64_t> prefix, suffix;  // what the template puts around a text
};

TokenizerParts parse_tokenizer_json(std::string_view text, std::string_view origin);

}  // namespace fathom::io
