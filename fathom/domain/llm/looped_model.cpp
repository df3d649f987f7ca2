#include "fathom/domain/llm/looped_model.h"

#include "fathom/base/error.h"

namespace fathom::llm {

double LoopedModel::stop_probability(const float*) {
  base::fail("llm::LoopedModel", "exit = gate violates what this model has learned; choose another criterion");
}

SlotLayout layout_of(const ModelConfig& config) {
  return {.prelude = config.prelude, .core = config.core, .coda = config.coda};
}

}  // namespace fathom::llm
