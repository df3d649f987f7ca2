// From what was asked to what will run: defaults < preset < file < --set < flags.
#pragma once

#include <vector>

#include "app/front/config_file.h"
#include "app/front/domains.h"

namespace fathom::app {

// `settings` in growing precedence; of two for one option the later wins, and so the last `preset` names the preset
// from which every other option starts. Throws UsageError "origin: ..." for an unknown name (the nearest is named), a
// value that does not parse or is out of bounds; or one without origin for values that do not go together.
OptionSet resolve(const Domain& domain, const std::vector<Setting>& settings);

}  // namespace fathom::app
