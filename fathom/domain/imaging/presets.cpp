#include "fathom/base/preset.h"
#include "fathom/domain/imaging/config.h"

namespace fathom::imaging {

namespace {

Config quick() {
  Config config;
  config.denoiser.updates = 4000;
  config.denoiser.learning_rate = 2e-3;
  config.train.updates = 250;
  config.train.learning_rate = 3e-4;
  return config;
}

Config full() {
  Config config;
  config.data.test_crop = 128;
  config.data.train = 2000;
  config.network.blocks = 2;
  config.denoiser.updates = 6000;
  config.denoiser.batch = 8;
  config.train.updates = 2700;
  config.train.growth_every = 3;
  config.train.learning_rate = 3e-4;
  config.rivals.layers = {1, 2, 4, 8};
  return config;
}

// Sizes, schedule and gradient of the paper's experiments. Its denoiser is a download of 32.6 million weights
// (denoiser.file); without it, one is trained here.
Config paper() {
  Config config;
  config.protocol = "paper";
  config.data.crop = 128;
  config.data.train = 200;
  config.data.test = 200;
  config.network = {};
  config.denoiser.updates = 100000;
  config.denoiser.batch = 16;
  config.denoiser.learning_rate = 1e-4;
  config.train.updates = 670;  // ten passes over 200 crops
  config.train.batch = 3;
  config.train.learning_rate = 1e-4;
  config.train.clip_norm = 0;
  config.train.pgd_stepsize = 1;
  config.train.hqs_stepsize = 4;
  config.train.sigma = 0.03;
  config.train.gradient = "hook";
  config.train.growth_weight = 0;
  config.train.schedule = "constant";
  config.train.iterations = 100;
  config.rivals.equal = "updates";
  config.rivals.factor = 2;
  config.rivals.layers = {1, 2, 4, 8, 16, 32};
  config.rivals.step = "pgd";
  config.study.perturbed = 200;
  return config;
}

}  // namespace

Config preset(std::string_view name) {
  if (name == "quick") return quick();
  if (name == "full") return full();
  if (name == "paper") return paper();
  base::refuse_preset(name);
}

}  // namespace fathom::imaging
