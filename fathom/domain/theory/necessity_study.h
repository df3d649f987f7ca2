// Theorem 2.5 on families of operators with mu -> 1: curves, checks and figure.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/theory/config.h"

namespace fathom::theory {

void append_necessity(const NecessityConfig& config, std::uint64_t seed, base::StudyRecord& record);

}  // namespace fathom::theory
