#include "fathom/tensor/heap.h"

#include <limits>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace fathom::tensor {

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kHeapGrowth = 64 << 20;  // bytes asked of the system at a time
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(kSmallestMapped));
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, kHeapGrowth);
#endif
}

}  // namespace fathom::tensor
