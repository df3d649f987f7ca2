#include "fathom/base/base64.h"

#include <algorithm>

namespace fathom::base {

namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kLetters[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::string_view four = text.substr(i, 4);
    std::size_t count = four.find('=') == std::string_view::npos ? 4 : four.find('=');
    const bool last = i + 4 == text.size();
    if (count < 2 || (count < 4 && !last) || four.find_first_not_of('=', count) != std::string_view::npos) {
      return std::nullopt;
    }
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t letter = k < count ? kLetters.find(four[k]) : 0;
      if (letter == std::string_view::npos) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(letter);
    }
    const std::uint32_t unused = count == 4 ? 0 : bits & ((1u << (8 * (4 - count))) - 1);
    if (unused != 0) return std::nullopt;
    for (std::size_t k = 0; k + 1 < count; ++k) bytes.push_back(static_cast<std::uint8_t>(bits >> (16 - 8 * k)));
  }
  return bytes;
}

}  // namespace fathom::base
