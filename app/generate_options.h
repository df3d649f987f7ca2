// What `fathom generate` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/domain/llm/sampler_options.h"

namespace fathom::app {

struct GenerateOptions {
  std::string model;
  std::string prompt;
  bool chat = false;
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
  std::int64_t tokens = 128;
  std::int64_t max_length = 0;
  std::string stop;
  std::int64_t draft_steps = 0;
  std::int64_t lookahead = 8;
  double accept = 1;
  bool show_steps = false;
  llm::SamplerOptions sampler;

  void fields(base::Fields& f) {
    f.add("model", model, "folder with config.json, tokenizer.json and safetensors");
    f.add("prompt", prompt, "the text to go on from");
    f.add("chat", chat, "the prompt is a user's message; the model answers it");
    f.add("steps", steps, {.at_least = 0, .at_most = 1024},
          "recurrences of a token, at most; 0: the mean of the model's training");
    f.add("exit", exit, "stop earlier: latent-diff:0.03, kl, entropy-diff, argmax-stability, ...; none: never");
    f.add("min-steps", min_steps, {.at_least = 0, .at_most = 1024}, "recurrences before the first check");
    f.add("exit-every", exit_every, {.at_least = 1, .at_most = 1024}, "recurrences between checks");
    f.add("whole-prefill", whole_prefill, "the prompt runs all its recurrences whatever --exit says");
    f.add("prefill-chunk", prefill_chunk, {.at_least = 0}, "prompt tokens that are read at a time; 0: all");
    f.add("cache", cache, "full, latest-m4, ..., -compress-s4, ...: what a recurrence sees of earlier tokens");
    f.add_choice("dtype", dtype, {"fp32", "bf16", "int8"}, "number format of the weights");
    f.add_choice("init", init, {"random", "zero", "torch"}, "the state a token begins from");
    f.add_choice("warm-start", warm_start, {"none", "latent", "state"},
                 "begin a token where the one before ended: its normalised or its raw state");
    f.add("tokens", tokens, {.at_least = 0}, "new tokens, at most");
    f.add("max-length", max_length, {.at_least = 0}, "tokens at most, the prompt's included; 0: no such limit");
    f.add("stop", stop, "a text that ends the answer");
    f.add("draft-steps", draft_steps, {.at_least = 0, .at_most = 1024},
          "draft with so many recurrences and check with --steps; 0: no drafts");
    f.add("lookahead", lookahead, {.at_least = 1, .at_most = 64}, "tokens of a draft");
    f.add("accept", accept, {.above = 0, .at_most = 1},
          "a draft is accepted from this share of the largest probability on; 1: the most probable token only");
    f.add("show-steps", show_steps, "a line a token: recurrences, whether it stopped early, text");
    sampler.fields(f);
  }
};

}  // namespace fathom::app
