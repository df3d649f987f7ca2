#include "fathom/domain/llm/stop_strings.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fathom/base/error.h"

namespace fathom::llm {

StopStrings::StopStrings(std::vector<std::string> strings) : strings_(std::move(strings)) {
  for (const std::string& each : strings_) {
    if (each.empty()) base::fail("llm::StopStrings", "a stop string of 0 bytes violates >= 1; leave it out");
  }
}

std::string StopStrings::feed(std::string_view text) {
  if (found_) return "";
  held_ += text;
  std::size_t end = std::string::npos;
  for (const std::string& each : strings_) end = std::min(end, held_.find(each));
  found_ = end != std::string::npos;
  if (!found_) end = held_.size() - may_begin_one();
  std::string certain = held_.substr(0, end);
  held_.erase(0, found_ ? std::string::npos : end);
  return certain;
}

std::string StopStrings::finish() { return std::exchange(held_, {}); }

// Bytes of the longest end of the text that is the beginning of a stop string.
std::size_t StopStrings::may_begin_one() const {
  std::size_t longest = 0;
  for (const std::string& each : strings_) {
    for (std::size_t count = std::min(each.size() - 1, held_.size()); count > longest; --count) {
      if (std::string_view(held_).ends_with(std::string_view(each).substr(0, count))) longest = count;
    }
  }
  return longest;
}

std::vector<std::int64_t> stop_ids(const io::Tokenizer& tokenizer, const std::vector<std::string>& strings) {
  std::set<std::int64_t> ids;
  for (const char* name : {"<|begin_text|>", "<|end_text|>", "<|end_turn|>"}) {
    if (const auto id = tokenizer.id_of(name)) ids.insert(*id);
  }
  for (const std::string& each : strings) {
    const auto tokens = tokenizer.encode(each, false);
    if (!tokens.empty()) ids.insert(tokens.front());
  }
  return {ids.begin(), ids.end()};
}

}  // namespace fathom::llm
