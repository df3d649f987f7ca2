// JSON from files that nobody has checked: one strict parser for the whole room. Internal: other rooms see
// records.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace fathom::io {

inline constexpr int kJsonDepthLimit = 64;

// Parses one JSON document. Throws Error "[place] origin: ..." for a syntax error (with its position), nesting deeper
// than kJsonDepthLimit, a repeated key in one object, or bytes that are not UTF-8.
nlohmann::json parse_json(std::string_view text, std::string_view place, std::string_view origin);

}  // namespace fathom::io
