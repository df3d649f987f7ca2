// A study's flows taken from a file of the user's own (flow_file.h) in place of drawn ones.
#pragma once

#include <string>

#include "fathom/domain/pde/data.h"

namespace fathom::pde {

// The first config.train samples to train on, the last config.test to test on, each with its residual at the viscosity
// config.generate.viscosity. Errors: as read_flows; no vorticity; fewer samples than both parts ask for.
FlowData flows_of_file(const DataConfig& config);

// What those flows depend on: the parts, the viscosity and the hash of the file.
std::string file_text(const DataConfig& config);

}  // namespace fathom::pde
