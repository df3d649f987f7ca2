#include "fathom/io/tokenizer_config.h"

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/json_parse.h"

namespace fathom::io {
namespace {

using nlohmann::json;
constexpr std::string_view kPlace = "io::parse_tokenizer_config";

std::string token_text(const json& config, const char* key, std::string_view origin) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return "";
  const json& token = found->is_object() && found->contains("content") ? found->at("content") : *found;
  if (!token.is_string())
    base::fail(kPlace, "{}: {} is neither a text nor an object with a text 'content'", origin, key);
  return token.get<std::string>();
}

}  // namespace

TokenizerConfig parse_tokenizer_config(std::string_view text, std::string_view origin) {
  const json config = parse_json(text, kPlace, origin);
  if (!config.is_object()) base::fail(kPlace, "{}: not a JSON object", origin);
  TokenizerConfig parsed{false, token_text(config, "bos_token", origin), token_text(config, "eos_token", origin),
                         token_text(config, "pad_token", origin)};
  const auto clean_up = config.find("clean_up_tokenization_spaces");
  if (clean_up == config.end() || clean_up->is_null()) return parsed;
  if (!clean_up->is_boolean()) base::fail(kPlace, "{}: clean_up_tokenization_spaces is not true or false", origin);
  parsed.clean_up = clean_up->get<bool>();
  return parsed;
}

TokenizerConfig read_tokenizer_config(const std::filesystem::path& path) {
  return parse_tokenizer_config(base::read_file(path, std::uintmax_t{1} << 28), path.string());
}

}  // namespace fathom::io
