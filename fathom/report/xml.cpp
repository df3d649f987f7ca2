#include "fathom/report/xml.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace fathom::report {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the well-formed UTF-8 sequence that `text` starts with (RFC 3629), 0 if it starts with
// none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and code points above U+10FFFF.
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) >= 0xA0) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) >= 0x90) return 0;
  return length;
}

bool is_allowed(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead >= 0x20 || lead == '\t' || lead == '\n';
  return sequence != "\xEF\xBF\xBE" && sequence != "\xEF\xBF\xBF";  // the non-characters U+FFFE, U+FFFF
}

std::string_view escaped(std::string_view sequence) {
  switch (sequence[0]) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return sequence;
  }
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, length);
    out += length > 0 && is_allowed(sequence) ? escaped(sequence) : kReplacement;
    text.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

std::string coordinate(double value) {
  if (!std::isfinite(value)) return "0";
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

void Xml::tag(std::string_view name, Attributes attributes) {
  out_ += '<';
  out_ += name;
  for (const Attribute& attribute : attributes) {
    if (!attribute.value.empty()) out_ += fmt::format(" {}=\"{}\"", attribute.name, escape(attribute.value));
  }
}

void Xml::open(std::string_view name, Attributes attributes) {
  tag(name, attributes);
  out_ += '>';
  open_.emplace_back(name);
}

void Xml::close() {
  out_ += fmt::format("</{}>", open_.back());
  open_.pop_back();
}

void Xml::leaf(std::string_view name, Attributes attributes) {
  tag(name, attributes);
  out_ += "/>";
}

void Xml::text(std::string_view name, Attributes attributes, std::string_view content) {
  open(name, attributes);
  words(content);
  close();
}

std::string Xml::take() {
  while (!open_.empty()) close();
  return std::exchange(out_, {});
}

}  // namespace fathom::report
