// What `fathom chat` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "app/language_model_options.h"
#include "fathom/domain/llm/sampler_options.h"

namespace fathom::app {

struct ChatOptions {
  LanguageModelOptions language;
  std::string system;
  std::int64_t tokens = 512;
  llm::SamplerOptions sampler;

  void fields(base::Fields& f) {
    language.fields(f);
    f.add("system", system, "what the model is told before the dialogue");
    f.add("tokens", tokens, {.at_least = 1}, "new tokens of an answer, at most");
    sampler.fields(f);
  }
};

}  // namespace fathom::app
