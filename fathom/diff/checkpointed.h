// The gradient of unrolling with the memory of a few states.
//
//   forward   y_{t+1} = G(y_t), t < T, without a graph; every s-th state is kept, s = ceil(T / checkpoints)
//   backward  segment by segment from the end: its states again from its checkpoint, then one taped G at a time
//   [Griewank1992] Optim. Methods Softw. 1; [Chen2016] arXiv:1604.06174, sec. 3
//
// The gradient is that of Unrolled to rounding. Stored: `checkpoints` + s states and one taped G, least (2 sqrt T) for
// checkpoints = sqrt T. Cost: 3 T evaluations of G and T vjps, unrolled T and T.
// Second derivatives are exact as well, with the graph of all T steps: no memory is saved under create_graph.
// G is called in the backward pass (replay.h). Errors (fathom::Error): values that differ there from the first ones,
// as those of dropout in training do, or of weights changed in between.
#pragma once

#include <cstdint>

#include "fathom/diff/options.h"
#include "fathom/diff/steps.h"

namespace fathom::diff {

// As run_steps with all steps recorded.
Run run_checkpointed(const Map& map, const State& y0, const Checkpointed& options, const solve::Stop& stop);

}  // namespace fathom::diff
