// How weights are fitted. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::train {

// Adam, [KingmaBa2015] Algorithm 1, as torch.optim.Adam computes it.
struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  // added to the gradient: g + weight_decay theta (not decoupled)

  void fields(base::Fields& f) {
    f.add("lr", lr, {.above = 0}, "step size");
    f.add("beta1", beta1, {.at_least = 0, .below = 1}, "decay of the first moment");
    f.add("beta2", beta2, {.at_least = 0, .below = 1}, "decay of the second moment");
    f.add("eps", eps, {.above = 0}, "added to the root of the second moment");
    f.add("weight_decay", weight_decay, {.at_least = 0}, "times the weights, added to the gradient");
  }
};

struct FitOptions {
  std::int64_t steps = 1000;
  AdamOptions adam;
  std::string schedule = "constant";  // factor on lr: constant 1; cosine from 1 to `final_factor`
  std::int64_t warmup = 0;            // linear from 0 over so many steps
  double final_factor = 0.01;         // of the cosine
  std::string keep = "best";          // weights at the end: of the step with the lowest loss | the last ones
  double clip_norm = 0;               // gradient norm is cut to this; 0: never
  double rollback_factor = 0;         // loss > factor * best: best weights again and lr *= rollback_decay; 0: never
  double rollback_decay = 0.99;
  double rollback_lr_floor = 1e-3;  // no rollback once lr is at or below it
  double least_seconds = 0;         // go on beyond `steps` until so much training time (over resumes) is spent; a
                                    // schedule then ends with the later of the two
  double checkpoint_seconds = 60;   // between checkpoints
  std::int64_t log_every = 10;      // steps between lines of the log files; the last step has one too

  void fields(base::Fields& f) {
    f.add("steps", steps, {.at_least = 0}, "updates");
    f.group("adam", adam);
    f.add_choice("schedule", schedule, {"constant", "cosine"}, "factor on the step size over the steps");
    f.add("warmup", warmup, {.at_least = 0}, "steps of linear warm-up");
    f.add("final_factor", final_factor, {.at_least = 0, .at_most = 1}, "last factor of the cosine schedule");
    f.add_choice("keep", keep, {"best", "last"},
                 "weights at the end: those of the lowest loss, or the last (losses of random batches do not compare)");
    f.add("clip_norm", clip_norm, {.at_least = 0}, "largest gradient norm; 0: no clipping");
    f.add("rollback_factor", rollback_factor, {.at_least = 0},
          "loss above this times the best reloads the best weights; 0: never");
    f.add("rollback_decay", rollback_decay, {.above = 0, .at_most = 1}, "factor on the step size at each reload");
    f.add("rollback_lr_floor", rollback_lr_floor, {.at_least = 0}, "no reload at or below this step size");
    f.add("least_seconds", least_seconds, {.at_least = 0},
          "go on beyond the steps until so many seconds of training are spent");
    f.add("checkpoint_seconds", checkpoint_seconds, {.above = 0}, "seconds between checkpoints");
    f.add("log_every", log_every, {.at_least = 1}, "steps between lines of the logs; the last step has one too");
  }
};

}  // namespace fathom::train
