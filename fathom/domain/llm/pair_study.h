// Answers prompt pairs (prompt_pairs.h) with each number of recurrences, as the authors' study does [Liu2025]: greedy,
// prompt and answer together at most `total_tokens` tokens, ended by the model's end tokens; a text is all of it
// without special tokens, tidied where the tokenizer's authors do.
//
// After each number of recurrences the answers so far are written, so that an interrupted study goes on there. The file
// of the key says what they depend on; answers of another key are not used.
// Errors (fathom::Error): a prompt with as many tokens as the limit; interrupted (what was done is in the file).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/llm/initial_state.h"
#include "fathom/domain/llm/looped_model.h"
#include "fathom/domain/llm/prompt_pairs.h"
#include "fathom/io/tokenizer.h"

namespace fathom::llm {

struct PairOptions {
  std::vector<std::int64_t> steps;  // k
  std::int64_t total_tokens = 128;
  std::int64_t batch = 32;  // prompts answered together, those of similar length
  InitialState start;       // null: zero
};

struct PairFiles {
  std::filesystem::path answers, key;  // "": nothing is written
  std::string key_text;
};

// A model with what its folder says of texts.
struct Speaker {
  LoopedModel& model;
  io::Tokenizer tokenizer;
  bool clean_up = false;
};

PairAnswers answer_pairs(const Speaker& speaker, const std::vector<PromptPair>& pairs, const PairOptions& options,
                         const PairFiles& files = {}, const std::atomic<bool>* stop = nullptr);

// d_k / d_in over the pairs, a point for every k.
base::Curve pair_curve(const std::string& model, const std::vector<PromptPair>& pairs, const PairAnswers& answers);

}  // namespace fathom::llm
