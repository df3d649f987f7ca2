// The engine: the half of the program that needs libtorch, a shared module loaded only when a command has work to do.
#pragma once

#include "app/request.h"

namespace fathom::app {

// Loads libfathom_commands.so (from ../lib beside the program's folder, or ../lib/fathom when installed), runs the
// request there and returns the exit code. Throws Error when the module is missing, broken or of another build.
int run_in_engine(const Request& request);

}  // namespace fathom::app
