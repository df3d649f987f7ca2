// Everything that can run a golden model.
#pragma once

#include "fathom/domain/llm/packed_raven.h"
#include "fathom/domain/llm/tensor_model.h"
#include "tests/domain/llm/golden.h"

namespace fathom::llm {

// run(golden, model) for each way to compute each golden model.
template <class Run>
void for_every_model(const Run& run) {
  for (const GoldenModel& g : golden_models()) {
    TensorModel on_tensors(g.model);
    run(g, on_tensors);
    PackedRaven on_packed_weights(g.model->config(), weights_of(*g.model), kernel::WeightFormat::f32);
    run(g, on_packed_weights);
  }
}

}  // namespace fathom::llm
