// Bytes as text of 64 letters, with padding.  RFC 4648, sec. 4
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::base {

std::string base64(std::span<const std::uint8_t> bytes);

// Nothing if the text is not what base64() writes.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace fathom::base
