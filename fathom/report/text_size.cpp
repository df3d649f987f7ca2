#include "fathom/report/text_size.h"

#include <algorithm>

namespace fathom::report {

namespace {
constexpr double kMeanWidth =
    0.58;  // of the font size; digits of common faces are 0.55 to 0.64 wide

bool starts_code_point(char byte) { return (byte & 0xC0) != 0x80; }
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
  std::size_t bytes = 0;
  for (std::size_t count = 0; bytes < text.size(); ++bytes) {
    if (starts_code_point(text[bytes]) && count++ == kept) break;
  }
  return text.substr(0, bytes) + "…";
}

}  // namespace fathom::report
