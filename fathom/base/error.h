// Errors: misuse is an exception whose text names the place, the value, the bound and a way out.
//   [room::fn] name = value violates bound; hint
// A solve that does not converge is not an error: see solve/solution.h.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace fathom {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A user's mistake in naming or valuing an option, or in calling a command: exit code 2 instead of 1.
class UsageError : public Error {
 public:
  using Error::Error;
};

namespace base {

// Throws Error("[place] " + text). `place` is "room::function".
[[noreturn]] void fail(std::string_view place, std::string_view text);

template <class... Args>
[[noreturn]] void fail(std::string_view place, fmt::format_string<Args...> format, Args&&... args) {
  fail(place, std::string_view(fmt::format(format, std::forward<Args>(args)...)));
}

// Throws "[place] name = value violates bound; hint" unless `holds`.
template <class Value>
void require(bool holds, std::string_view place, std::string_view name, const Value& value, std::string_view bound,
             std::string_view hint) {
  if (!holds) fail(place, "{} = {} violates {}; {}", name, value, bound, hint);
}

// The candidate nearest to `word` by edit distance (an exchange of neighbours counts once), or "" if none is near
// enough to be a likely misspelling (distance at most a third of the word's length, at least one).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace base
}  // namespace fathom
