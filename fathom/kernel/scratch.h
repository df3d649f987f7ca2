// Working memory of a kernel: one aligned block a thread, kept between calls, so that a loop of calls allocates once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <hwy/aligned_allocator.h>

namespace fathom::kernel {

// At least `count` numbers, aligned for SIMD, with whatever an earlier user left there. Valid until this thread's next
// call with the same T and User; kernels that call each other name different Users.
template <class T, class User>
T* scratch(std::int64_t count) {
  thread_local hwy::AlignedFreeUniquePtr<T[]> memory;
  thread_local std::int64_t size = 0;
  if (size < count) {
    memory = hwy::AllocateAligned<T>(static_cast<std::size_t>(count));
    size = count;
  }
  return memory.get();
}

}  // namespace fathom::kernel
