#include "fathom/io/pair_table.h"

#include <bit>

namespace fathom::io {

PairTable::PairTable(std::size_t pairs) : slots_(std::bit_ceil(2 * pairs + 2)), mask_(slots_.size() - 1) {}

void PairTable::set(std::int32_t left, std::int32_t right, RankedMerge merge) {
  const std::uint64_t key = key_of(left, right);
  std::size_t at = start_of(key);
  while (slots_[at].key != key && slots_[at].key != kFree) at = (at + 1) & mask_;
  slots_[at] = {key, merge};
}

}  // namespace fathom::io
