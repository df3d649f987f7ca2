#include "fathom/domain/llm/cache_slots.h"

#include <algorithm>
#include <charconv>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::llm {

namespace {

constexpr std::int64_t kAnchored = 8;  // recurrences with slots of their own

[[noreturn]] void unknown_strategy(std::string_view text) {
  throw UsageError(fmt::format(
      "[llm::parse_cache_strategy] cache = {} violates full|skip|latest-m4|available-m4|always-last-m4|randomized, "
      "alone or with -compress-sN|-compress-rN|-compress-anchor; N is the number of slots",
      text));
}

CacheStrategy::Lookup lookup_of(std::string_view text) {
  using Lookup = CacheStrategy::Lookup;
  const auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  if (has("latest-m4") || has("available-m4")) return Lookup::latest;
  if (has("always-last-m4")) return Lookup::always_last;
  if (has("randomized")) return Lookup::randomized;
  if (has("full") || has("skip") || has("compress-")) return Lookup::full;
  unknown_strategy(text);
}

void read_fold(std::string_view text, CacheStrategy& strategy) {
  constexpr std::string_view kWord = "compress-";
  const std::size_t found = text.find(kWord);
  if (found == std::string_view::npos) return;
  const std::string_view rest = text.substr(found + kWord.size());
  if (rest.starts_with("anchor")) {
    strategy.fold = CacheStrategy::Fold::anchor;
    return;
  }
  if (rest.empty() || (rest[0] != 's' && rest[0] != 'r')) unknown_strategy(text);
  strategy.fold = rest[0] == 's' ? CacheStrategy::Fold::ring : CacheStrategy::Fold::groups;
  const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), strategy.fold_by);
  if (error != std::errc() || strategy.fold_by < 1) unknown_strategy(text);
}

}  // namespace

CacheStrategy parse_cache_strategy(std::string_view text) {
  CacheStrategy strategy{.lookup = lookup_of(text)};
  read_fold(text, strategy);
  return strategy;
}

CacheSlots::CacheSlots(const SlotLayout& layout, const CacheStrategy& strategy, std::int64_t recurrences,
                       std::int64_t capacity, std::uint64_t seed)
    : layout_(layout), strategy_(strategy), recurrences_(recurrences), capacity_(capacity), seed_(seed) {
  constexpr const char* kPlace = "llm::CacheSlots";
  base::require(capacity >= 1, kPlace, "capacity", capacity, ">= 1", "a sequence has tokens");
  base::require(recurrences >= 0, kPlace, "recurrences", recurrences, ">= 0", "nothing runs backwards");
  for (std::int64_t s = 0; s < recurrences * layout.core; ++s)
    core_slots_ = std::max(core_slots_, folded(layout.prelude + s) - layout.prelude + 1);
  stored_ = layout.coda + layout.prelude + core_slots_;
  present_.assign(stored_ * capacity, 0);
}

std::int64_t CacheSlots::folded(std::int64_t slot) const {
  if (slot < layout_.prelude) return slot;
  const std::int64_t s = slot - layout_.prelude, own = kAnchored * layout_.core;
  switch (strategy_.fold) {
    case CacheStrategy::Fold::none:
      return slot;
    case CacheStrategy::Fold::ring:
      return layout_.prelude + s % strategy_.fold_by;
    case CacheStrategy::Fold::groups:
      return layout_.prelude + s / strategy_.fold_by;
    case CacheStrategy::Fold::anchor:
      return layout_.prelude + (s < own ? s : own + s % layout_.core);
  }
  return slot;
}

std::vector<std::int64_t> CacheSlots::slots() const {
  std::vector<std::int64_t> list;
  for (std::int64_t slot = -layout_.coda; slot < stored_ - layout_.coda; ++slot) {
    const auto* row = present_.data() + place(slot) * capacity_;
    if (std::find(row, row + seen_, 1) != row + seen_) list.push_back(slot);
  }
  return list;
}

std::int64_t CacheSlots::store(std::int64_t slot, std::int64_t first, std::int64_t rows) {
  constexpr const char* kPlace = "llm::CacheSlots::store";
  const std::int64_t at = place(folded(slot));
  if (first < 0 || first + rows > capacity_) {
    base::fail(kPlace, "position = {} violates [0, {}); make a cache of more positions", first + rows - 1, capacity_);
  }
  if (at < 0 || at >= stored_) {
    base::fail(kPlace, "slot = {} violates one of {} recurrences; make a cache of more recurrences", slot,
               recurrences_);
  }
  std::fill_n(present_.begin() + at * capacity_ + first, rows, std::uint8_t{1});
  seen_ = std::max(seen_, first + rows);
  return at;
}

std::int64_t CacheSlots::stand_in(std::int64_t slot, std::int64_t position) const {
  const bool last = strategy_.lookup == CacheStrategy::Lookup::always_last;
  const std::int64_t layer = (slot - layout_.prelude) % layout_.core;
  const std::int64_t levels = (core_slots_ - layer + layout_.core - 1) / layout_.core;
  std::int64_t level = last ? levels - 1 : (slot - layout_.prelude) / layout_.core;
  if (strategy_.lookup == CacheStrategy::Lookup::randomized) {
    std::vector<std::int64_t> found;
    for (; level >= 0; --level) {
      if (present(layout_.core_slot(level, layer), position)) found.push_back(layout_.core_slot(level, layer));
    }
    if (found.empty()) return -1;
    base::Random random(base::stream_seed(seed_, "cache", static_cast<std::uint64_t>(slot * capacity_ + position)));
    return found[random.below(found.size())];
  }
  for (; level >= 0; --level) {
    const std::int64_t candidate = layout_.core_slot(level, layer);
    if (present(candidate, position)) return candidate;
  }
  return -1;
}

bool CacheSlots::visible(std::int64_t slot, std::int64_t end, std::vector<std::int64_t>& index,
                         std::vector<std::int64_t>& positions) const {
  using Lookup = CacheStrategy::Lookup;
  index.clear();
  positions.clear();
  const std::int64_t name = folded(slot), own = place(name) * capacity_;
  const auto* row = present_.data() + own;
  const bool all = std::find(row, row + seen_, 0) == row + seen_;
  const bool look = !all && slot >= layout_.prelude && strategy_.lookup != Lookup::full;
  for (std::int64_t p = 0; p < end; ++p) {
    std::int64_t at = row[p] != 0 ? name : -layout_.coda - 1;  // none
    if (look && (row[p] == 0 || strategy_.lookup == Lookup::always_last)) {
      const std::int64_t found = stand_in(name, p);
      if (found >= 0) at = found;
    }
    if (at < -layout_.coda) continue;
    index.push_back(place(at) * capacity_ + p);
    positions.push_back(p);
  }
  return all;
}

void CacheSlots::trim(std::int64_t seen) {
  for (std::int64_t s = 0; s < stored_; ++s)
    std::fill(present_.begin() + s * capacity_ + seen, present_.begin() + (s + 1) * capacity_, std::uint8_t{0});
  seen_ = std::min(seen_, seen);
}

}  // namespace fathom::llm
