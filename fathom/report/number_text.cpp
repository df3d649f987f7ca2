#include "fathom/report/number_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace fathom::report {

namespace {

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string scientific(double value, int digits) {
  const std::string text = fmt::format("{:.{}e}", value, digits - 1);
  const std::size_t e = text.find('e');
  return without_trailing_zeros(text.substr(0, e)) + "×" + power_of_ten(std::stoi(text.substr(e + 1)));
}

int exponent_of(double value) { return static_cast<int>(std::floor(std::log10(std::abs(value)))); }

// Decimals that give the smallest nonzero figure that many digits; -1 if the figures are too far
// apart or too small.
int common_decimals(const std::vector<double>& values, int digits) {
  double smallest = INFINITY, greatest = 0;
  for (const double value : values) {
    if (!std::isfinite(value) || value == 0) continue;
    smallest = std::min(smallest, std::abs(value));
    greatest = std::max(greatest, std::abs(value));
  }
  if (greatest == 0) return 0;
  if (greatest / smallest >= 1e4 || greatest >= 1e7 || smallest < 1e-4) return -1;
  return std::max(0, digits - 1 - exponent_of(smallest));
}

}  // namespace

std::string power_of_ten(int exponent) {
  static const char* const kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = "10";
  for (const char c : std::to_string(exponent)) out += c == '-' ? "⁻" : kDigits[c - '0'];
  return out;
}

std::string significant(double value, int digits) {
  if (!std::isfinite(value)) return kMissing;
  if (value == 0) return "0";
  const int exponent = exponent_of(value);
  if (exponent < -4 || exponent > 6) return scientific(value, digits);
  return without_trailing_zeros(fmt::format("{:.{}f}", value, std::max(0, digits - 1 - exponent)));
}

std::vector<std::string> column_text(const std::vector<double>& values, int digits) {
  const int decimals = common_decimals(values, digits);
  std::vector<std::string> out;
  for (const double value : values) {
    out.push_back(decimals < 0 || !std::isfinite(value) ? significant(value, digits)
                                                        : fmt::format("{:.{}f}", value, decimals));
  }
  return out;
}

std::string grouped(std::int64_t value) {
  const std::string digits = std::to_string(value);
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t left = digits.size() - i;
    // A number of four digits is not split.
    if (i > first && left % 3 == 0 && digits.size() - first > 4) out += "\u202F";
    out += digits[i];
  }
  return out;
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return kMissing;
  if (seconds < 9.95) return without_trailing_zeros(fmt::format("{:.1f}", seconds)) + " s";
  if (seconds > 1e15) return significant(seconds, 3) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", grouped(whole / 3600), whole / 60 % 60);
}

std::string plural(std::int64_t count, const std::string& noun) {
  return grouped(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace fathom::report
