#include "fathom/io/byte_alphabet.h"

#include <array>

#include "fathom/base/utf8.h"

namespace fathom::io {
namespace {

constexpr char32_t kEnd = 0x144;  // characters of the alphabet are below

constexpr bool is_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

struct Alphabet {
  std::array<char32_t, 256> character{};
  std::array<int, kEnd> byte{};

  constexpr Alphabet() {
    byte.fill(-1);
    char32_t next = 0x100;
    for (int b = 0; b < 256; ++b) {
      const char32_t c = is_itself(b) ? static_cast<char32_t>(b) : next++;
      character[static_cast<std::size_t>(b)] = c;
      byte[c] = b;
    }
  }
};
constexpr Alphabet kAlphabet;

}  // namespace

std::optional<std::string> bytes_of_token(std::string_view token) {
  std::string bytes;
  while (!token.empty()) {
    const char32_t c = base::first_character(token);
    if (c >= kEnd || kAlphabet.byte[c] < 0) return std::nullopt;
    bytes += static_cast<char>(kAlphabet.byte[c]);
    token.remove_prefix(base::first_character_bytes(token));
  }
  return bytes;
}

std::string token_of_bytes(std::string_view bytes) {
  std::string token;
  for (const char each : bytes) {
    const char32_t c = kAlphabet.character[static_cast<unsigned char>(each)];
    if (c < 0x80) {
      token += static_cast<char>(c);
    } else {
      token += static_cast<char>(0xc0 | c >> 6);
      token += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  return token;
}

}  // namespace fathom::io
