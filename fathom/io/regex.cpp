#include "fathom/io/regex.h"

#include <algorithm>
#include <string>

#include "fathom/base/error.h"
#include "fathom/base/utf8.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/oniguruma.h"

namespace fathom::io {
namespace {

constexpr unsigned kStackLimit = 8'000'000;  // entries of the matcher's stack, about 300 MB

const OnigUChar* pointer(std::string_view text) { return reinterpret_cast<const OnigUChar*>(text.data()); }

std::string cause_of(int code, OnigErrorInfo* info = nullptr) {
  OnigUChar text[ONIG_MAX_ERROR_MESSAGE_LEN];
  const auto describe = oniguruma().error_code_to_str;
  const int length = info ? describe(text, code, info) : describe(text, code);
  return excerpt({reinterpret_cast<const char*>(text), static_cast<std::size_t>(std::max(length, 0))}, 100);
}

// What one pass over a text works with.
struct Search {
  const Oniguruma& onig = oniguruma();
  OnigRegion* region = onig.region_new();
  OnigMatchParam* limits = onig.new_match_param();

  explicit Search(std::size_t text_bytes) {
    const unsigned long retries = std::max<unsigned long>(kRegexRetryLimit, 64 * text_bytes);
    onig.initialize_match_param(limits);
    onig.set_match_stack_limit(limits, kStackLimit);
    onig.set_retry_limit_in_match(limits, retries);
    onig.set_retry_limit_in_search(limits, retries);
  }
  ~Search() {
    onig.region_free(region, 1);
    onig.free_match_param(limits);
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
};

}  // namespace

struct Regex::Compiled {
  OnigRegex regex = nullptr;
  ~Compiled() { oniguruma().free(regex); }
};

Regex::Regex(std::string_view pattern, std::string_view origin) {
  if (pattern.size() > kRegexPatternLimit) {
    base::fail("io::Regex", "{}: a pattern of {} bytes violates <= {}", origin, pattern.size(), kRegexPatternLimit);
  }
  auto compiled = std::make_shared<Compiled>();
  OnigErrorInfo info{};
  const Oniguruma& onig = oniguruma();
  const int code = onig.make(&compiled->regex, pointer(pattern), pointer(pattern) + pattern.size(), ONIG_OPTION_NONE,
                             onig.utf8, onig.ruby, &info);
  if (code != ONIG_NORMAL) {
    base::fail("io::Regex", "{}: no regular expression: '{}': {}", origin, excerpt(pattern), cause_of(code, &info));
  }
  compiled_ = std::move(compiled);
}

void Regex::for_each_match(std::string_view text, const std::function<void(std::size_t, std::size_t)>& use) const {
  const Search search(text.size());
  const OnigUChar *begin = pointer(text), *end = begin + text.size();
  std::size_t from = 0, matched_to = std::string_view::npos;
  while (from <= text.size()) {
    const int at = search.onig.search_with_param(compiled_->regex, begin, end, begin + from, end, search.region,
                                                 ONIG_OPTION_NONE, search.limits);
    if (at == ONIG_MISMATCH) return;
    if (at < 0) {
      base::fail("io::Regex::for_each_match",
                 "no match found from byte {} on: {}; the pattern backtracks too much on '{}'", from, cause_of(at),
                 excerpt(text.substr(from), 20));
    }
    const auto to = static_cast<std::size_t>(search.region->end[0]);
    if (to == static_cast<std::size_t>(at) && to == matched_to) {
      from += from < text.size() ? base::first_character_bytes(text.substr(from)) : 1;
      continue;
    }
    use(static_cast<std::size_t>(at), to);
    from = matched_to = to;
  }
}

}  // namespace fathom::io
