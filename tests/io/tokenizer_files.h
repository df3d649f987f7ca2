// Small tokenizer files, written by hand: the parts that a test is about, the rest as GPT-2 has it.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "fathom/io/byte_alphabet.h"

namespace fathom::io {

struct TokenizerFile {
  std::string normalizer = "null";
  std::string pre_tokenizer = R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})";
  std::string vocabulary;  // beyond the 256 bytes, which have the ids 0 .. 255: "\"ab\":256,..."
  std::string merges;      // "\"a b\",..."
  std::string model;       // further fields of the model: ",\"ignore_merges\":true"
  std::string added;       // "{\"id\":300,...},..."
  std::string post_processor = "null";
  std::string decoder = R"({"type":"ByteLevel"})";

  std::string text() const {
    std::string entries;
    for (int byte = 0; byte < 256; ++byte) {
      const std::string token = token_of_bytes(std::string(1, static_cast<char>(byte)));
      const std::string_view escape = token == "\"" || token == "\\" ? "\\" : "";
      entries += fmt::format("{}\"{}{}\":{}", byte > 0 ? "," : "", escape, token, byte);
    }
    if (!vocabulary.empty()) entries += "," + vocabulary;
    return fmt::format(
        R"({{"version":"1.0","added_tokens":[{}],"normalizer":{},"pre_tokenizer":{},"post_processor":{},"decoder":{},)"
        R"("model":{{"type":"BPE","vocab":{{{}}},"merges":[{}]{}}}}})",
        added, normalizer, pre_tokenizer, post_processor, decoder, entries, merges, model);
  }
};

inline std::string added_token(int id, std::string_view content, std::string_view flags = "") {
  return fmt::format(R"({{"id":{},"content":"{}"{}}})", id, content, flags);
}

}  // namespace fathom::io
