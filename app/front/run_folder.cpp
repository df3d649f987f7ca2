#include "app/front/run_folder.h"

#include <set>

#include "fathom/base/error.h"

namespace fathom::app {

namespace fs = std::filesystem;

namespace {

bool may_change(const std::string& name) {
  static const std::set<std::string> kFree = {"preset", "threads", "device", "seeds"};
  return kFree.contains(name) || name.starts_with("study.") || name.find(".study.") != std::string::npos;
}

}  // namespace

fs::path default_folder(const std::string& domain, const std::string& preset) {
  return fs::path("runs") / (domain + "-" + preset);
}

std::vector<Setting> folder_settings(const fs::path& folder) {
  const fs::path file = folder / "config.toml";
  return fs::exists(file) ? read_config_file(file) : std::vector<Setting>{};
}

void check_resumable(const fs::path& folder, const OptionSet& options) {
  for (const Setting& setting : folder_settings(folder)) {
    if (may_change(setting.name)) continue;
    const std::string now = options.fields().at(setting.name).get();
    if (now == setting.value) continue;
    throw UsageError(
        fmt::format("--resume: {} was begun with {} = {}, now {}; give the same options, another --out, or "
                    "start anew without --resume",
                    folder.string(), setting.name, setting.value, now));
  }
}

}  // namespace fathom::app
