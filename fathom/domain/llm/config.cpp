#include "fathom/domain/llm/config.h"

#include "fathom/base/error.h"

namespace fathom::llm {

void Config::check() const {
  if (model.width % model.heads != 0 || model.width / model.heads % 2 != 0) {
    throw UsageError(
        fmt::format("[options] model.heads = {} violates heads of an even number of channels out of {}; try {}",
                    model.heads, model.width, model.width % 4 == 0 ? 2 : 1));
  }
  if (model.context < data.window) {
    throw UsageError(
        fmt::format("[options] model.context = {} violates >= data.window = {}; raise it", model.context, data.window));
  }
  if (data.block < data.window) {
    throw UsageError(fmt::format("[options] data.block = {} violates >= data.window = {}; held-out windows must fit",
                                 data.block, data.window));
  }
  if (study.pair_part >= study.pair_parts) {
    throw UsageError(fmt::format("[options] study.pair_part = {} violates < study.pair_parts = {}; count from 0",
                                 study.pair_part, study.pair_parts));
  }
  if (study.pair_steps.empty())
    throw UsageError("[options] study.pair_steps = [] violates one number of steps or more; name one, such as [8]");
}

}  // namespace fathom::llm
