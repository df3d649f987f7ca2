// The pictures of what was constructed: four panels a target, and all targets ever nearer their singular sets.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/theory/constructed_study.h"

namespace fathom::theory {

// y_t over F, the error and the Lipschitz constant over t, the iterations to tolerance over x.
void append_figure(const ConstructedStudy& study, const ConstructedConfig& config, base::StudyRecord& record);

// The Lipschitz constant in x as the points come closer to the singular sets, with the adaptive and a constant step.
void append_approach(const std::vector<ConstructedStudy>& studies, const ConstructedConfig& config,
                     base::StudyRecord& record);

}  // namespace fathom::theory
