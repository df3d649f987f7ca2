// What `fathom generate` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "app/language_model_options.h"
#include "fathom/domain/llm/sampler_options.h"

namespace fathom::app {

struct GenerateOptions {
  LanguageModelOptions language;
  std::string prompt;
  bool chat = false;
  std::int64_t tokens = 128;
  std::int64_t max_length = 0;
  std::string stop;
  std::int64_t draft_steps = 0;
  std::int64_t lookahead = 8;
  double accept = 1;
  bool show_steps = false;
  llm::SamplerOptions sampler;

  void fields(base::Fields& f) {
    f.add("prompt", prompt, "the text to go on from");
    f.add("chat", chat, "the prompt is a user's message; the model answers it");
    language.fields(f);
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
