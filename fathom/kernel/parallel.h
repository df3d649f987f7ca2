// A loop whose passes are independent, on the threads of OpenMP where it is worth starting them.
#pragma once

#include <cstdint>

namespace fathom::kernel {

// body(i) for 0 <= i < count. Not an `if` clause of the pragma: a parallel region of one thread still costs a system
// call.
template <class Body>
void for_each_index(std::int64_t count, bool parallel, const Body& body) {
  if (!parallel || count < 2) {
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < count; ++i) body(i);
}

}  // namespace fathom::kernel
