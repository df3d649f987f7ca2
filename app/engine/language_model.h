// A looped language model as the commands open it: weights, tokenizer, how its texts are decoded, and how
// LanguageModelOptions ask to run it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/language_model_options.h"
#include "fathom/domain/llm/generate.h"
#include "fathom/io/tokenizer.h"

namespace fathom::app {

struct LanguageModel {
  io::Tokenizer tokenizer;
  io::DecodeOptions decode;
  std::unique_ptr<llm::LoopedModel> model;
};

// Exit rule and cache are words that mean something: asked before gigabytes are read. Throws UsageError.
void check(const LanguageModelOptions& options);

// Says how long it took. Errors: what the folder lacks, a device that is absent.
LanguageModel open_language_model(const LanguageModelOptions& options, const std::string& device);

// Depth, exit, prefill, cache, start and the seed of sampling; tokens that end a text. The sampler and the number of
// tokens are the caller's.
llm::GenerateOptions decoding(const LanguageModelOptions& options, const LanguageModel& model, std::uint64_t seed);

llm::ExitRule exit_of(const LanguageModelOptions& options);

}  // namespace fathom::app
