// The memory of one training update.
#pragma once

#include <functional>

namespace fathom::imaging {

// Megabytes (10^6 bytes) of CPU tensors that are alive at one time while `update` runs, at most, of those made by it: a
// graph, gradients, what a solver keeps. Tensors made before are not in it. On a CUDA device: 0.
double update_memory(const std::function<void()>& update);

}  // namespace fathom::imaging
