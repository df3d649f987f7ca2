// A small writer of XML text (SVG, and HTML in XML syntax): escapes everything, closes what it
// opened, always the same bytes for the same calls on every platform and locale.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::report {

// Text that is safe between tags and inside double quotes: & < > " become entities; bytes that
// XML 1.0 cannot hold (control characters, broken UTF-8) become U+FFFD.
std::string escape(std::string_view text);

// A coordinate with at most two decimals and no trailing zeros: 1, 0.5, -12.25. A value that is not
// finite is written 0.
std::string coordinate(double value);

// name="value"; a number is written as a coordinate. One with an empty value is left out.
struct Attribute {
  template <std::convertible_to<std::string_view> Text>
  Attribute(std::string_view key, const Text& text) : name(key), value(text) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> Attribute(std::string_view key, Number number)
      : name(key), value(coordinate(static_cast<double>(number))) {}

  std::string_view name;
  std::string value;
};

using Attributes = std::initializer_list<Attribute>;

class Xml {
 public:
  void open(std::string_view name, Attributes attributes = {});
  void close();                                                  // the innermost open element
  void leaf(std::string_view name, Attributes attributes = {});  // <name .../>
  void text(std::string_view name, Attributes attributes,
            std::string_view content);  // <name ...>content</name>
  void words(std::string_view content) { out_ += escape(content); }
  void raw(std::string_view xml) { out_ += xml; }  // already well formed
  void newline() { out_ += '\n'; }

  // Closes what is still open and gives the text.
  std::string take();

 private:
  void tag(std::string_view name, Attributes attributes);

  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace fathom::report
