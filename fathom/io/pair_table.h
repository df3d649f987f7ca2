// The merges of byte-pair encoding by their pair: open addressing with linear probes, at most half full. Internal.
#pragma once

#include <cstdint>
#include <vector>

namespace fathom::io {

// What a pair of neighbours becomes, and when: a smaller rank first.
struct RankedMerge {
  std::int32_t rank = -1;
  std::int32_t joined = -1;
};

class PairTable {
 public:
  explicit PairTable(std::size_t pairs);

  // Over what the pair had before. At most as many different pairs as the table was made for; ids >= 0.
  void set(std::int32_t left, std::int32_t right, RankedMerge merge);

  // Null when no merge joins the two. Cost: one or two cache lines.
  const RankedMerge* find(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = key_of(left, right);
    for (std::size_t at = start_of(key);; at = (at + 1) & mask_) {
      if (slots_[at].key == key) return &slots_[at].merge;
      if (slots_[at].key == kFree) return nullptr;
    }
  }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};  // ids are not negative
  struct Slot {
    std::uint64_t key = kFree;
    RankedMerge merge;
  };

  static std::uint64_t key_of(std::int32_t left, std::int32_t right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
  }
  std::size_t start_of(std::uint64_t key) const { return (key * 0x9e3779b97f4a7c15 >> 32) & mask_; }

  std::vector<Slot> slots_;
  std::size_t mask_;
};

}  // namespace fathom::io
