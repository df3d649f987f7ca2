// Which looped language model, computed how: what `fathom generate`, `chat` and `serve` have in common.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct LanguageModelOptions {
  std::string model;
  std::int64_t steps = 0;
  std::string exit = "none";
  std::int64_t min_steps = 0;
  std::int64_t exit_every = 1;
  bool whole_prefill = false;
  std::int64_t prefill_chunk = 0;
  std::string cache = "full";
  std::string dtype = "bf16";
  std::string init = "random";
  std::string warm_start = "none";

  void fields(base::Fields& f) {
    f.add("model", model,
          "folder with config.json, tokenizer.json and safetensors; without it: the small model that ships");
    f.add("steps", steps, {.at_least = 0, .at_most = 1024},
          "recurrences of a token, at most; 0: the mean of the model's training");
    f.add("exit", exit, "stop earlier: latent-diff:0.03, kl, entropy-diff, argmax-stability, ...; none: never");
    f.add("min-steps", min_steps, {.at_least = 0, .at_most = 1024}, "recurrences before the first check");
    f.add("exit-every", exit_every, {.at_least = 1, .at_most = 1024}, "recurrences between checks");
    f.add("whole-prefill", whole_prefill, "the prompt runs all its recurrences whatever --exit says");
    f.add("prefill-chunk", prefill_chunk, {.at_least = 0}, "prompt tokens that are read at a time; 0: all");
    f.add("cache", cache, "full, latest-m4, ..., -compress-s4, ...: what a recurrence sees of earlier tokens");
    f.add_choice("dtype", dtype, {"fp32", "bf16", "int8", "int4"}, "number format of the weights");
    f.add_choice("init", init, {"random", "zero", "torch"}, "the state a token begins from");
    f.add_choice("warm-start", warm_start, {"none", "latent", "state"},
                 "begin a token where the one before ended: its normalised or its raw state");
  }
};

}  // namespace fathom::app
