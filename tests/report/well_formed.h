// Whether text is well-formed XML, as far as this room writes it: nested tags, quoted unique
// attributes, known entities.
#pragma once

#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::report {

class WellFormed {
 public:
  // "" if well formed, else what is wrong and where.
  static std::string check(std::string_view text) {
    WellFormed parser(text);
    return parser.parse() ? "" : parser.error_ + " at byte " + std::to_string(parser.at_);
  }

 private:
  explicit WellFormed(std::string_view text) : text_(text) {}

  bool fail(const std::string& error) {
    error_ = error;
    return false;
  }
  bool done() const { return at_ >= text_.size(); }
  bool eat(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_space() {
    while (!done() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  std::string name() {
    const std::size_t start = at_;
    while (!done() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-' || text_[at_] == ':'))
      ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  bool parse() {
    if (eat("<!DOCTYPE html>")) skip_space();
    bool root_seen = false;
    while (!done()) {
      if (open_.empty() && root_seen) {
        skip_space();
        return done() || fail("text after the root");
      }
      root_seen = true;
      if (!(text_[at_] == '<' ? tag() : character(open_.empty() ? "" : "<"))) return false;
    }
    return open_.empty() ? root_seen || fail("empty") : fail("not closed: " + open_.back());
  }

  bool tag() {
    ++at_;
    if (eat("/")) return closing();
    const std::string element = name();
    if (element.empty()) return fail("tag without a name");
    std::set<std::string> seen;
    for (;;) {
      skip_space();
      if (eat("/>")) return true;
      if (eat(">")) {
        open_.push_back(element);
        return true;
      }
      const std::string attribute = name();
      if (attribute.empty() || !eat("=\"")) return fail("bad attribute");
      if (!seen.insert(attribute).second) return fail("attribute twice: " + attribute);
      while (!done() && text_[at_] != '"') {
        if (!character("\"")) return false;
      }
      if (!eat("\"")) return fail("attribute not closed");
    }
  }

  bool closing() {
    const std::string element = name();
    if (open_.empty() || open_.back() != element) return fail("closes what is not open: " + element);
    open_.pop_back();
    return eat(">") || fail("bad closing tag");
  }

  // One character of text or of an attribute's value.
  bool character(std::string_view where) {
    if (where.empty()) return fail("text outside the root");
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte < 0x20 && byte != '\n' && byte != '\t') return fail("control character");
    if (byte == '<') return fail("naked <");
    if (byte != '&') return ++at_, true;
    for (const std::string_view entity : {"&amp;", "&lt;", "&gt;", "&quot;"}) {
      if (eat(entity)) return true;
    }
    return fail("unknown entity");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::string error_;
};

}  // namespace fathom::report
