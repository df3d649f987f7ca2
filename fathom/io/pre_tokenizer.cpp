#include "fathom/io/pre_tokenizer.h"

#include <algorithm>
#include <utility>

namespace fathom::io {
namespace {

// A stretch of the text: a match, or what lies between two.
struct Stretch {
  std::size_t begin, end;
  bool match;
};

// A match and, before it, what lies between it and the last.
void add_match(std::vector<Stretch>& stretches, std::size_t begin, std::size_t end) {
  const std::size_t before = stretches.empty() ? 0 : stretches.back().end;
  if (before != begin) stretches.push_back({before, begin, false});
  stretches.push_back({begin, end, true});
}

void find(std::string_view text, const std::string& literal, std::vector<Stretch>& stretches) {
  for (auto at = text.find(literal); at != text.npos; at = text.find(literal, at + literal.size())) {
    add_match(stretches, at, at + literal.size());
  }
}

void find(std::string_view text, const Regex& regex, std::vector<Stretch>& stretches) {
  regex.for_each_match(text, [&](std::size_t begin, std::size_t end) { add_match(stretches, begin, end); });
}

// Matches and what lies between, which together are the text.
std::vector<Stretch> stretches_of(std::string_view text, const Split& split) {
  std::vector<Stretch> stretches;
  std::visit([&](const auto& pattern) { find(text, pattern, stretches); }, split.pattern);
  const std::size_t end = stretches.empty() ? 0 : stretches.back().end;
  if (end != text.size()) stretches.push_back({end, text.size(), false});
  for (Stretch& each : stretches) each.match ^= split.invert;
  return stretches;
}

// Joins a stretch to the one before where `joins(before is a match, this is one)`; the joined keeps no mark of its own.
template <class Joins>
std::vector<Stretch> joined(const std::vector<Stretch>& stretches, Joins joins) {
  std::vector<Stretch> out;
  bool before = false;
  for (const Stretch& each : stretches) {
    if (!out.empty() && joins(before, each.match))
      out.back().end = each.end;
    else
      out.push_back(each);
    before = each.match;
  }
  return out;
}

// A match goes to what follows it, the last of a row of matches alone: from the right as the left-hand rule.
std::vector<Stretch> joined_with_next(const std::vector<Stretch>& stretches) {
  std::vector<Stretch> out;
  bool after = false;
  for (auto each = stretches.rbegin(); each != stretches.rend(); ++each) {
    if (!out.empty() && each->match && !after)
      out.back().begin = each->begin;
    else
      out.push_back(*each);
    after = each->match;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Stretch> arranged(std::vector<Stretch> stretches, SplitBehaviour behaviour) {
  switch (behaviour) {
    case SplitBehaviour::removed:
      std::erase_if(stretches, [](const Stretch& each) { return each.match; });
      return stretches;
    case SplitBehaviour::merged_with_previous:
      return joined(stretches, [](bool before, bool match) { return match && !before; });
    case SplitBehaviour::merged_with_next:
      return joined_with_next(stretches);
    case SplitBehaviour::contiguous:
      return joined(stretches, [](bool before, bool match) { return match == before; });
    case SplitBehaviour::isolated:
      break;
  }
  return stretches;
}

void apply(const Split& split, std::string_view piece, Pieces& out) {
  for (const Stretch& each : arranged(stretches_of(piece, split), split.behaviour)) {
    if (each.begin != each.end) out.list.push_back(piece.substr(each.begin, each.end - each.begin));
  }
}

void apply(const PrefixSpace&, std::string_view piece, Pieces& out) {
  if (piece.starts_with(' ')) return out.list.push_back(piece);
  out.owned.push_back(" " + std::string(piece));
  out.list.push_back(out.owned.back());
}

}  // namespace

const std::string_view kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Pieces pre_tokenize(std::string_view text, const std::vector<PreTokenizerStep>& steps) {
  Pieces pieces;
  if (text.empty()) return pieces;
  pieces.list.push_back(text);
  for (const PreTokenizerStep& step : steps) {
    const std::vector<std::string_view> before = std::exchange(pieces.list, {});
    for (const std::string_view piece : before) {
      std::visit([&](const auto& rule) { apply(rule, piece, pieces); }, step);
    }
  }
  return pieces;
}

}  // namespace fathom::io
