#include "fathom/base/utf8.h"

#include <algorithm>

namespace fathom::base {
namespace {

unsigned char byte_of(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

// What a first byte asks for: the length of its character (0: none begins so) and the range of the second byte.
struct Lead {
  std::size_t bytes;
  unsigned char low = 0x80, high = 0xbf;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1};
  if (byte < 0xc2) return {0};
  if (byte < 0xe0) return {2};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte < 0xf0) return {3};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte < 0xf4) return {4};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0};
}

// The bytes at the beginning that go together.
struct Part {
  std::size_t bytes;  // at least 1
  bool character;     // all of one
  bool unfinished;    // the text ended before the character did
};

Part first_part(std::string_view text) {
  const Lead lead = lead_of(byte_of(text, 0));
  if (lead.bytes == 0) return {1, false, false};
  unsigned char low = lead.low, high = lead.high;
  std::size_t i = 1;
  for (; i < lead.bytes; ++i) {
    if (i == text.size()) return {i, false, true};
    if (byte_of(text, i) < low || byte_of(text, i) > high) return {i, false, false};
    low = 0x80;
    high = 0xbf;
  }
  return {i, true, false};
}

}  // namespace

std::size_t valid_utf8_bytes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Part part = first_part(text.substr(at));
    if (!part.character) break;
    at += part.bytes;
  }
  return at;
}

std::size_t unfinished_utf8_bytes(std::string_view bytes) {
  for (std::size_t count = std::min<std::size_t>(3, bytes.size()); count > 0; --count) {
    const Part part = first_part(bytes.substr(bytes.size() - count));
    if (part.unfinished && part.bytes == count) return count;
  }
  return 0;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Part part = first_part(bytes);
    text += part.character ? bytes.substr(0, part.bytes) : std::string_view("\xef\xbf\xbd");
    bytes.remove_prefix(part.bytes);
  }
  return text;
}

char32_t first_character(std::string_view text) {
  const std::size_t bytes = first_character_bytes(text);
  if (bytes == 1) return byte_of(text, 0) < 0x80 ? byte_of(text, 0) : U'\ufffd';
  char32_t code = byte_of(text, 0) & (0x7f >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) code = code << 6 | (byte_of(text, i) & 0x3f);
  return code;
}

char32_t last_character(std::string_view text) { return first_character(text.substr(last_character_begin(text))); }

std::size_t last_character_begin(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (byte_of(text, at) & 0xc0) == 0x80) --at;
  return at;
}

std::size_t first_character_bytes(std::string_view text) {
  return std::min(std::max<std::size_t>(lead_of(byte_of(text, 0)).bytes, 1), text.size());
}

bool is_space(char32_t c) {
  return (c >= 0x9 && c <= 0xd) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_python_space(char32_t c) { return is_space(c) || (c >= 0x1c && c <= 0x1f); }

}  // namespace fathom::base
