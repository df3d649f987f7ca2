#include "fathom/base/preset.h"
#include "fathom/domain/lp/config.h"

namespace fathom::lp {

namespace {

// Two cores, minutes: fewer programs, random depth so that the iteration stays put beyond the depth it was trained
// with.
Config quick() {
  Config config;
  config.data = {.protocol = "exact", .train = 400, .test = 300};
  config.stage1 = {.epochs = 2000, .lr = 1e-2, .depth = 4, .least_depth = 2};
  config.stage2 = {.epochs = 400, .lr = 1e-3, .depth = 8, .least_depth = 4};
  config.rivals = {.rounds = 6, .learning_rates = {1e-2, 3e-3, 1e-3}, .trial_epochs = 200, .equal_time = true};
  config.study = {.iterations = 32, .test_iterations = 8, .perturbation = 1e-4, .perturbed = 60};
  return config;
}

Config full() {
  Config config;
  config.data = {.protocol = "exact", .train = 2500, .test = 1000};
  config.stage1 = {.epochs = 4000, .lr = 1e-2, .depth = 4, .least_depth = 2};
  config.stage2 = {.epochs = 2000, .lr = 1e-3, .depth = 8, .least_depth = 4, .schedule = "cosine"};
  config.rivals = {.rounds = 6, .learning_rates = {1e-2, 3e-3, 1e-3}, .trial_epochs = 400, .equal_time = true};
  config.study = {.iterations = 32, .test_iterations = 8, .perturbation = 1e-4, .perturbed = 200};
  return config;
}

// The sizes of arXiv 2510.03638, LP case study: 2500 + 1000 programs, two stages, the second at twice the depth. The
// authors' schedule (all programs an update; 10001 at depth 3 and 1e-2, then 5001 at depth 6 and 1e-4) leaves a cliff
// between the stages, as the block has never seen a fourth step: embedding 8, seed 0, the loss of stage 1 ended at 3.2,
// that of stage 2 began at 91 and was 31 after 1230 updates. Random depths about the same means do not have that cliff,
// and batches of 100 programs reach in two minutes what all programs an update reach in half an hour.
Config paper() {
  Config config;
  config.data = {.protocol = "exact", .train = 2500, .test = 1000};
  config.embeddings = {4, 8, 16, 32};
  config.stage1 = {.epochs = 300, .batch = 100, .lr = 1e-2, .depth = 4, .least_depth = 2, .clip_norm = 100};
  config.stage2 = {
      .epochs = 1500, .batch = 100, .lr = 3e-3, .depth = 8, .least_depth = 4, .schedule = "cosine", .clip_norm = 100};
  config.rivals = {.rounds = 6, .learning_rates = {1e-2, 3e-3, 1e-3}, .trial_epochs = 20, .equal_time = true};
  config.study = {.iterations = 24, .test_iterations = 8, .perturbation = 1e-4, .perturbed = 200};
  return config;
}

}  // namespace

Config preset(std::string_view name) {
  if (name == "quick") return quick();
  if (name == "full") return full();
  if (name == "paper") return paper();
  base::refuse_preset(name);
}

}  // namespace fathom::lp
