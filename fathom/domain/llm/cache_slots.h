// Which keys and values a token of a looped model finds in the cache: names of slots, what is stored where, and what a
// recurrence sees of tokens that ran fewer recurrences than it.
//
// A slot holds keys and values of one layer in one recurrence, for every position of one sequence:
//   prelude layer i -> i        core layer i in recurrence t -> P + t C + i        coda layer i -> -1 - i
//
// Compression folds core slots before storing, so that recurrences overwrite each other:
//   compress-sN      P + (s - P) mod N         a ring of N slots (N = C: one recurrence's worth, shared by all)
//   compress-rN      P + (s - P) div N
//   compress-anchor  the first 8 recurrences own their slots, later ones share those of a ninth
// Lookup says what is seen of a token that has nothing in the (folded) slot s, a core slot:
//   full, skip       nothing: attention skips the token
//   latest-m4        its largest slot s' <= s of the same layer, s' = s modulo C (the name is from models with C = 4)
//   available-m4     the same (the slot itself wins when it is there)
//   always-last-m4   as soon as one token is missing: for every token its largest slot of the same layer
//   randomized       one of its slots s' <= s of the same layer, drawn from (seed, s, position)
// Names combine: "latest-m4-compress-s16". [Geiping2025] arXiv:2502.05171, the lookup strategies of its code.
//
// Cost  visible: one byte read per position where all are present; lookups read down the recurrences of a missing
// token.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::llm {

struct SlotLayout {
  std::int64_t prelude = 0, core = 0, coda = 0;  // layers: P, C, D

  std::int64_t prelude_slot(std::int64_t layer) const { return layer; }
  std::int64_t core_slot(std::int64_t recurrence, std::int64_t layer) const {
    return prelude + recurrence * core + layer;
  }
  std::int64_t coda_slot(std::int64_t layer) const { return -1 - layer; }
};

struct CacheStrategy {
  enum class Lookup { full, latest, always_last, randomized };
  enum class Fold { none, ring, groups, anchor };

  Lookup lookup = Lookup::full;
  Fold fold = Fold::none;
  std::int64_t fold_by = 0;  // N
};

// Errors (UsageError): a text that holds none of the names, or a compress- with neither sN, rN nor anchor.
CacheStrategy parse_cache_strategy(std::string_view text);

class CacheSlots {
 public:
  // For at most `recurrences` recurrences and `capacity` positions. `seed` is of the randomized lookup.
  CacheSlots(const SlotLayout& layout, const CacheStrategy& strategy, std::int64_t recurrences, std::int64_t capacity,
             std::uint64_t seed = 0);

  const SlotLayout& layout() const { return layout_; }
  std::int64_t capacity() const { return capacity_; }
  std::int64_t recurrences() const { return recurrences_; }
  std::int64_t seen() const { return seen_; }      // positions 0 .. seen-1 have been stored
  std::int64_t stored() const { return stored_; }  // slots there is room for
  std::vector<std::int64_t> slots() const;         // that hold anything, by their folded names, ascending

  // Notes that positions first .. first+rows-1 of `slot` are stored, and says where: in which of the stored() slots.
  std::int64_t store(std::int64_t slot, std::int64_t first, std::int64_t rows);

  // What `slot` shows of positions 0 .. end-1, in their order: for each that is seen, index = place * capacity +
  // position. `positions` are theirs. Returns whether these are one place and all positions: place * capacity is then
  // index[0].
  bool visible(std::int64_t slot, std::int64_t end, std::vector<std::int64_t>& index,
               std::vector<std::int64_t>& positions) const;

  // Forgets positions from `seen` on.
  void trim(std::int64_t seen);

 private:
  std::int64_t folded(std::int64_t slot) const;
  std::int64_t place(std::int64_t folded) const { return folded + layout_.coda; }
  bool present(std::int64_t folded, std::int64_t position) const {
    return present_[place(folded) * capacity_ + position] != 0;
  }
  // The slot that stands for `folded` at a position, or -1 for none; folded is a core slot.
  std::int64_t stand_in(std::int64_t folded, std::int64_t position) const;

  SlotLayout layout_;
  CacheStrategy strategy_;
  std::int64_t recurrences_, capacity_;
  std::int64_t core_slots_ = 0, stored_ = 0, seen_ = 0;
  std::uint64_t seed_;
  std::vector<std::uint8_t> present_;  // (stored, capacity)
};

}  // namespace fathom::llm
