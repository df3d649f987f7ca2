#include "app/engine/earlier_run.h"

#include "app/results.h"
#include "fathom/base/error.h"
#include "fathom/base/log.h"

namespace fathom::app {

namespace fs = std::filesystem;

namespace {

fs::path free_place(const fs::path& folder) {
  for (int n = 1;; ++n) {
    fs::path place = folder / fmt::format("earlier-{}", n);
    if (!fs::exists(place)) return place;
  }
}

}  // namespace

void set_aside_earlier_run(const fs::path& folder) {
  if (!fs::exists(folder / "models") && !fs::exists(folder / "train")) return;
  const fs::path place = free_place(folder);
  fs::create_directories(place);
  // By name: the folder may hold what is no part of a run.
  for (const char* part : {"models", "train", "events", "config.toml", kRecordFile, kReportFile}) {
    if (fs::exists(folder / part)) fs::rename(folder / part, place / part);
  }
  base::warn("the earlier run in {} is kept in {}; --resume would have gone on with it", folder.string(),
             place.string());
}

}  // namespace fathom::app
