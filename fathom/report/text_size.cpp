#include "fathom/report/text_size.h"

#include <algorithm>

namespace fathom::report {

namespace {
constexpr double kMeanWidth = 0.58;  // of the font size; digits of common faces are 0.55 to 0.64 wide

bool starts_code_point(char byte) { return (byte & 0xC0) != 0x80; }

// Where the code point of that index starts; the size of the text past the last one.
std::size_t byte_of(const std::string& text, std::size_t index) {
  std::size_t byte = 0;
  for (std::size_t count = 0; byte < text.size(); ++byte) {
    if (starts_code_point(text[byte]) && count++ == index) break;
  }
  return byte;
}
}  // namespace

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

double text_width(const std::string& text, double font_size) {
  return kMeanWidth * font_size * static_cast<double>(code_points(text));
}

std::string shortened(const std::string& text, double font_size, double width) {
  if (text_width(text, font_size) <= width) return text;
  const auto kept = static_cast<std::size_t>(std::max(0.0, width / (kMeanWidth * font_size) - 1));
  const std::size_t tail = kept / 3;
  return text.substr(0, byte_of(text, kept - tail)) + "…" + text.substr(byte_of(text, code_points(text) - tail));
}

}  // namespace fathom::report
