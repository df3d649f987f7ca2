// The byte alphabet of GPT-2's vocabulary: each of the 256 bytes is written as one printable character. A byte that is
// a printable character of Latin-1 (0x21-0x7E, 0xA1-0xAC, 0xAE-0xFF) is that character, the other 68 in order are
// U+0100, U+0101, ...; a space so is U+0120.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fathom::io {

// The bytes that a vocabulary entry stands for; nothing when it holds a character outside the alphabet.
std::optional<std::string> bytes_of_token(std::string_view token);

// The other way, for any bytes.
std::string token_of_bytes(std::string_view bytes);

}  // namespace fathom::io
