#include "fathom/io/clean_up.h"

#include <algorithm>

namespace fathom::io {
namespace {

struct Rule {
  std::string_view from, to;
};
constexpr Rule kRules[] = {{" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
                           {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
constexpr std::size_t kLongest = 4;

std::string replaced(std::string_view text, const Rule& rule) {
  std::string out;
  std::size_t done = 0;
  for (auto at = text.find(rule.from); at != text.npos; at = text.find(rule.from, done)) {
    out += text.substr(done, at - done);
    out += rule.to;
    done = at + rule.from.size();
  }
  return out += text.substr(done);
}

// Whether the text before a space could take part in what begins there. Every rule begins with a space, and the only
// one with another space has an apostrophe before that; an apostrophe that has lost its spaces may end " n't".
bool open_before(std::string_view head) { return head.ends_with(' ') || head.ends_with('\'') || head.ends_with(" n"); }

// Where the last space is before which no rule reaches. 0 when there is none.
std::size_t last_boundary(std::string_view text) {
  for (std::size_t at = text.size(); at-- > 1;) {
    if (text[at] == ' ' && !open_before(text.substr(0, at))) return at;
  }
  return 0;
}

}  // namespace

std::string clean_up(std::string_view text) {
  std::string out(text);
  for (const Rule& rule : kRules) out = replaced(out, rule);
  return out;
}

std::size_t settled_bytes(std::string_view text) {
  const std::size_t boundary = last_boundary(text);
  const std::string_view tail = text.substr(boundary);
  const bool spaced = tail.starts_with(' ');
  const bool plain = tail.substr(spaced).find_first_of(" '") == tail.npos;
  return plain && (!spaced || tail.size() >= kLongest) ? text.size() : boundary;
}

}  // namespace fathom::io
