// A test flow as pictures: forcing, truth, and what an implicit network predicts after more and more iterations.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/pde/config.h"
#include "fathom/domain/pde/data.h"
#include "fathom/domain/pde/run_files.h"

namespace fathom::pde {

// Of the first test flow. x runs to the right, y upwards. Predictions share the colours of the truth; every error has
// its own range, which its title states.
base::FieldFigure picture_of(const Config& config, const Trained& trained, const FlowSet& test);

}  // namespace fathom::pde
