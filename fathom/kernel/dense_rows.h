// One thread's share of dense.h: some rows against one panel of columns; dense.cpp packs and splits.
#pragma once

#include <cstdint>

#include "fathom/kernel/dense.h"
#include "fathom/kernel/panels.h"

namespace fathom::kernel {

// out = act(x A + c), or where u is given out = u act'(x A + c), for rows first .. last-1 and the columns of one panel
// of A. x (rows, depth), u and out (rows, width), without overlap.
template <class T>
struct DenseTile {
  PanelsView<T> a;
  std::int64_t panel = 0, first = 0, last = 0;
  DenseRows<T> rows;
  Activation act = Activation::identity;
  const T* x = nullptr;
  const T* u = nullptr;
  T* out = nullptr;
};

template <class T>
void dense_tile(const DenseTile<T>& tile);

}  // namespace fathom::kernel
