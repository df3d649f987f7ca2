#include "fathom/base/preset.h"
#include "fathom/domain/pde/config.h"

namespace fathom::pde {

namespace {

Config quick() {
  Config config;
  config.data.train = 400;
  config.data.test = 100;
  config.network.width = 12;
  config.train.epochs = 20;
  config.rivals.depths = {1, 2};
  return config;
}

Config full() {
  Config config;
  config.data.train = 1000;
  config.data.test = 500;
  config.network.width = 16;
  config.train.epochs = 60;
  config.train.pretrain = 1000;
  config.train.learning_rates = {2e-3, 5e-3, 1e-2};
  config.rivals.depths = {1, 2, 4};
  config.rivals.widths = {24};
  return config;
}

// Width, modes, padding, schedule and solver of the paper's experiments; flows that are manufactured, as theirs.
Config paper() {
  Config config;
  config.protocol = "paper";
  config.data.train = 4500;
  config.data.test = 500;
  config.data.generate.generator = "manufactured";
  config.data.generate.grid = 128;
  config.data.generate.viscosity = 1e-3;
  config.network = {.width = 32, .modes = 12, .padding = 9, .coordinates = true};
  config.train.epochs = 500;
  config.train.batch = 16;
  config.train.symmetries = false;
  config.train.drift_weight = 0;
  config.train.schedule = "constant";
  config.train.warmup = 0;
  config.train.weight_decay = 1e-4;
  config.train.clip_norm = 0;
  config.train.pretrain = 300;
  config.train.pretrain_depth = 12;
  config.train.gradient = "phantom";
  config.train.solver_steps = 24;
  config.study.perturbation = 1e-2;
  config.rivals.depths = {1, 2, 4, 8, 16, 32};
  config.rivals.widths = {64, 128, 256};
  return config;
}

}  // namespace

Config preset(std::string_view name) {
  if (name == "quick") return quick();
  if (name == "full") return full();
  if (name == "paper") return paper();
  base::refuse_preset(name);
}

}  // namespace fathom::pde
