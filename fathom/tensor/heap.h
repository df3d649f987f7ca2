// The heap of a process that makes and frees the same tensors update after update.
//
// glibc gives the top of its heap back as soon as more than a bound of it is free, and maps blocks of 128 KB to 32 MB
// anew, depending on what was freed before: training of a network whose states are half a megabyte each then spends a
// third of its time on page faults (15 blocks of 32 x 32 channels and bits, 128 strings: 5 updates a second for 12).
//
//   tensor::keep_freed_memory();      // the program: before study, train and eval
//
// Cost: the process stays as large as it ever was. Blocks of kSmallestMapped bytes and more are still mapped one by one
// (caching_allocator.h keeps those). Does nothing with another C library. Call it before the other threads start.
#pragma once

#include <cstddef>

namespace fathom::tensor {

inline constexpr std::size_t kSmallestMapped = std::size_t{32} << 20;

void keep_freed_memory();

}  // namespace fathom::tensor
