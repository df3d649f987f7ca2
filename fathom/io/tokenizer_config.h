// What stands beside a tokenizer.json in tokenizer_config.json: how its authors decode.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace fathom::io {

struct TokenizerConfig {
  bool clean_up = false;      // "clean_up_tokenization_spaces"
  std::string bos, eos, pad;  // texts of these tokens; "" where there is none
};

// Other keys are passed over; a token is a text or an object with "content". Throws Error when the file is not such
// JSON.
TokenizerConfig parse_tokenizer_config(std::string_view text, std::string_view origin);
TokenizerConfig read_tokenizer_config(const std::filesystem::path& tokenizer_config_json);

}  // namespace fathom::io
