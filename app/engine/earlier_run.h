// A run that begins in a folder where another has been.
#pragma once

#include <filesystem>

namespace fathom::app {

// Moves models, logs, record and report of an earlier run in `folder` to folder/earlier-1 (or -2, ...) and says so.
// The data stay: the new run uses them when its draw is the same. Does nothing where no training was begun.
void set_aside_earlier_run(const std::filesystem::path& folder);

}  // namespace fathom::app
