// What the trained networks do on the test points: the table, curves, checks and figures of the fixed Lipschitz budget.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/theory/run.h"

namespace fathom::theory {

// Everything of the networks in the run's folder. Errors (fathom::Error): a network that is not trained.
void append_learned(const Config& config, const Run& run, base::StudyRecord& record);

}  // namespace fathom::theory
