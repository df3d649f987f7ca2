// The pictures of what was learned: errors and maps of one target, a panel for every bound.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/theory/rivals.h"

namespace fathom::theory {

// `all`: the rivals of one target, one pair a bound.
void append_learned_figures(const std::vector<Rivals>& all, const LearnedConfig& config, base::StudyRecord& record);

}  // namespace fathom::theory
