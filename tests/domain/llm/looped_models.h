// Everything that can run a golden model.
#pragma once

#include "fathom/domain/llm/tensor_raven.h"
#include "tests/domain/llm/golden.h"

namespace fathom::llm {

// run(golden, model) for each way to compute each golden model.
template <class Run>
void for_every_model(const Run& run) {
  for (const GoldenModel& g : golden_models()) {
    TensorRaven on_tensors(g.model);
    run(g, on_tensors);
  }
}

}  // namespace fathom::llm
