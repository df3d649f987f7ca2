// Counts the heap allocations of a call: objects (operator new, in the whole program) and tensors.
//
// The program that includes this replaces the global operator new: include it in one source file of a binary.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "tests/support/memory.h"

namespace fathom::testing_support {

inline std::atomic<std::int64_t> objects_made{0};

template <class F>
std::int64_t allocations_of(const F& f) {
  const MemoryCounter tensors;
  const std::int64_t before = objects_made;
  f();
  return objects_made - before + tensors.allocations();
}

}  // namespace fathom::testing_support

// GCC 12 inlines one of the pair and not the other, and then takes them for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

void* operator new(std::size_t size) {
  ++fathom::testing_support::objects_made;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
