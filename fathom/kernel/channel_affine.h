// A 1x1 convolution of one sample with everything that a cell adds to it, in one pass over the fields:
//   out(o, p) = act( sum_i W(o, i) x(i, p) + b(o) + first(o, p) + second(o, p) )
//
// Shapes   x (in, pixels), W (out, in) row-major, b (out) or null; first, second (out, pixels) or null; all contiguous.
//          `out` may be `first` or `second` but not overlap x.
// Cost     2 in out pixels operations, one pass over each field.
// Accuracy with u the unit roundoff, the argument of act is within (in + 4) u (sum |W x| + |b| + |first| + |second|) of
//          the exact one, and act as in activation.h. A pixel's bits depend on its own column of x alone.
// Threads  none of its own.   Errors: none; sizes are >= 0.
#pragma once

#include <cstdint>

#include "fathom/kernel/activation.h"

namespace fathom::kernel {

template <class T>
struct ChannelAffine {
  std::int64_t in = 0, out = 0;
  const T* weight = nullptr;
  const T* bias = nullptr;
  Activation act = Activation::identity;
};

template <class T>
void channel_affine(const ChannelAffine<T>& map, std::int64_t pixels, const T* x, const T* first, const T* second,
                    T* out);

}  // namespace fathom::kernel
