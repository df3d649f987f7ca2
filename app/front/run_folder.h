// The folder of a run: which one, and what its config.toml means for the command at hand.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/front/domains.h"
#include "app/front/resolve.h"

namespace fathom::app {

// runs/lp-quick: where a run goes when --out does not say.
std::filesystem::path default_folder(const std::string& domain, const std::string& preset);

// The options that DIR/config.toml holds, or none when there is no such file.
std::vector<Setting> folder_settings(const std::filesystem::path& folder);

// Refuses to go on with a run that was begun with other options: a trained model would be passed off as one of these
// options. Free to change: threads, device, seeds, the preset's name, and the domain's study.* (evaluation alone).
// Throws UsageError with the first that differs.
void check_resumable(const std::filesystem::path& folder, const OptionSet& options);

}  // namespace fathom::app
