// The operator of the paper that has the fixed point 1/x without knowing it: G(y, x) = y - eta (x y - 1) on [1e-3, 1].
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/theory/config.h"

namespace fathom::theory {

// Its iterates at every t = 1..T, T = 8 / (1e-3 eta) in float64 against their closed form: curve, checks and figure.
void append_reciprocal(const ConstructedConfig& config, base::StudyRecord& record);

}  // namespace fathom::theory
