// Whether a tensor may be kept and written to, because nobody else can see its memory.
#pragma once

#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

// True where `x` is the only reference to its tensor and to the memory, and libtorch allocated that memory. A tensor
// that its maker keeps, a view, and memory lent with from_blob() (which libtorch cannot resize) are somebody else's too.
bool sole_owner(const Tensor& x);

}  // namespace fathom::tensor
