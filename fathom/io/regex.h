// Regular expressions on UTF-8 text as Oniguruma matches them in its Ruby syntax: what tokenizer files are written for.
// Work and memory are bounded whatever the expression: a search that backtracks more than kRegexRetryLimit times, and
// 64 times per byte of the text, is an Error. Safe to share between threads. Characters younger than the installed
// Oniguruma (6.9.8: Unicode 14) belong to no class.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace fathom::io {

inline constexpr std::size_t kRegexPatternLimit = std::size_t{1} << 16;  // bytes
inline constexpr std::size_t kRegexRetryLimit = 1'000'000;

class Regex {
 public:
  // Throws Error with `origin` for a pattern that is too long or none.
  Regex(std::string_view pattern, std::string_view origin);

  // Calls use(begin, end) for the matches from left to right, none overlapping the one before; an empty match at the
  // end of the match before is left out. The text must be UTF-8.
  void for_each_match(std::string_view text, const std::function<void(std::size_t, std::size_t)>& use) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace fathom::io
