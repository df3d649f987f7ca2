#include "fathom/base/preset.h"
#include "fathom/domain/theory/config.h"

namespace fathom::theory {

namespace {

// Two cores, three minutes: two bounds, fewer updates.
Config quick() {
  Config config;
  config.learned.bounds = {5, 20};
  config.learned.updates = 1000;
  config.learned.trial_updates = 100;
  return config;
}

Config full() {
  Config config;
  config.constructed.points = 800;
  return config;
}

Config paper() {
  Config config = full();
  config.learned.updates = 10000;
  return config;
}

}  // namespace

Config preset(std::string_view name) {
  if (name == "quick") return quick();
  if (name == "full") return full();
  if (name == "paper") return paper();
  base::refuse_preset(name);
}

}  // namespace fathom::theory
