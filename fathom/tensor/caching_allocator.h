// An opt-in allocator of CPU tensors that keeps large freed blocks and backs them by huge pages.
//
// libtorch takes CPU memory from malloc, which maps blocks of 32 MB and more anew for every tensor: each operation then
// pays for the page faults of its result, and writes at a fifth of the memory's speed. Here a block of kSmallestCached
// bytes and more, once freed, waits for the next tensor of its size; smaller ones go to libtorch's own allocator.
//
//   tensor::use_caching_allocator();        // before the large tensors; the program: FATHOM_ALLOCATOR=caching
//
// Sizes are rounded up in steps of an eighth of a power of two, so that close sizes share blocks (at most 12.5% more
// memory). Freed blocks are kept up to `limit` bytes in all, the least recently freed are given back first; a larger
// block is not kept. Blocks are aligned to huge pages (2 MB; smaller blocks to 4 KB) and ask for them
// (kernel/huge_pages.h).
// Cost         a lock and two look-ups in a table per large block; memory that stays taken, up to `limit`.
// Threads      any thread may allocate and free. Tensors may outlive a return to libtorch's allocator.
// Profiling    libtorch's memory reporting sees every block, as with its own allocator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fathom::tensor {

inline constexpr std::size_t kSmallestCached = std::size_t{1} << 20;
inline constexpr std::size_t kCacheLimit = std::size_t{1} << 30;

// From now on CPU tensors come from the caching allocator; `limit` replaces that of an earlier call.
void use_caching_allocator(std::size_t limit = kCacheLimit);
void use_libtorch_allocator();  // back to libtorch's own; gives the cached blocks back
bool caching_allocator_in_use();

// "caching", "default" or "" (default), as FATHOM_ALLOCATOR says it. Throws UsageError for another word.
void choose_allocator(std::string_view name);

struct CacheStatistics {
  std::size_t in_use = 0;   // bytes of large blocks that tensors hold, rounded up
  std::size_t cached = 0;   // bytes that wait
  std::int64_t reused = 0;  // large allocations served from what waited
  std::int64_t fresh = 0;   // and from the system
};
CacheStatistics cache_statistics();
void empty_cache();  // gives every waiting block back to the system

}  // namespace fathom::tensor
