// Large arrays that are walked again and again need fewer address translations on pages of 2 MB.
#pragma once

#include <cstddef>

namespace fathom::kernel {

// Asks the system to back the whole huge pages inside [data, data + bytes) by huge pages. A hint:
// nothing happens where the system has none or the array is smaller than one. The contents do not
// change. Cost: one system call.
void prefer_huge_pages(void* data, std::size_t bytes);

}  // namespace fathom::kernel
