#include "fathom/io/added_tokens.h"

#include <algorithm>

#include "fathom/io/character_class.h"
#include "fathom/base/utf8.h"

namespace fathom::io {
namespace {

std::uint64_t edge(std::int64_t node, char byte) {
  return static_cast<std::uint64_t>(node) << 8 | static_cast<unsigned char>(byte);
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  const bool word_before = begin > 0 && is_word(base::last_character(text.substr(0, begin)));
  const bool word_after = end < text.size() && is_word(base::first_character(text.substr(end)));
  return !word_before && !word_after;
}

std::size_t spaces_begin(std::string_view text) {
  while (!text.empty() && base::is_space(base::last_character(text)))
    text = text.substr(0, base::last_character_begin(text));
  return text.size();
}

std::size_t spaces_end(std::string_view text, std::size_t from) {
  while (from < text.size() && base::is_space(base::first_character(text.substr(from)))) {
    from += base::first_character_bytes(text.substr(from));
  }
  return from;
}

}  // namespace

TokenMatcher::TokenMatcher(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)), token_at_{-1} {
  for (std::size_t t = 0; t < tokens_.size(); ++t) {
    std::int64_t node = 0;
    for (const char byte : tokens_[t].content) {
      const auto [place, fresh] = children_.try_emplace(edge(node, byte), token_at_.size());
      if (fresh) token_at_.push_back(-1);
      node = place->second;
    }
    token_at_[static_cast<std::size_t>(node)] = static_cast<std::int64_t>(t);
    begins_[static_cast<unsigned char>(tokens_[t].content.front())] = true;
  }
}

std::int64_t TokenMatcher::child(std::int64_t node, char byte) const {
  const auto found = children_.find(edge(node, byte));
  return found == children_.end() ? -1 : found->second;
}

const AddedToken* TokenMatcher::longest_at(std::string_view text) const {
  if (!begins_[static_cast<unsigned char>(text.front())]) return nullptr;
  const AddedToken* longest = nullptr;
  std::int64_t node = 0;
  for (const char byte : text) {
    node = child(node, byte);
    if (node < 0) break;
    const std::int64_t token = token_at_[static_cast<std::size_t>(node)];
    if (token >= 0) longest = &tokens_[static_cast<std::size_t>(token)];
  }
  return longest;
}

std::vector<Segment> TokenMatcher::split(std::string_view text) const {
  std::vector<Segment> segments;
  std::size_t done = 0;
  const auto add_text = [&](std::size_t end) {
    if (done < end) segments.push_back({text.substr(done, end - done)});
  };
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text.substr(at));
    if (!token) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + token->content.size();
    at = end;
    if (token->single_word && !stands_alone(text, begin, end)) continue;
    if (token->lstrip) begin = std::max(spaces_begin(text.substr(0, begin)), done);
    if (token->rstrip) end = spaces_end(text, end);
    add_text(begin);
    segments.push_back({text.substr(begin, end - begin), token->id});
    done = end;
  }
  add_text(text.size());
  return segments;
}

}  // namespace fathom::io
