// Text from a looped model, token by token: a prompt is read, then each new token thinks for its own number of
// recurrences. Several prompts of any lengths run as one batch; none changes another's tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fathom/domain/llm/decoder.h"
#include "fathom/domain/llm/initial_state.h"
#include "fathom/domain/llm/sampler.h"

namespace fathom::llm {

// From which state a new token starts: x_0, or where the token before it ended: ln_f(x_r), or x_r itself.
enum class WarmStart { none, latent, state };

struct GenerateOptions {
  std::int64_t steps = 32;  // recurrences of a token, at most
  ExitRule exit;
  bool exit_in_prefill = true;
  std::int64_t prefill_chunk = 0;  // prompt tokens a pass; 0: all. 1 with an exit rule: every prompt token has its own
  CacheStrategy cache;
  WarmStart warm_start = WarmStart::none;
  SamplerOptions sampler;
  std::uint64_t seed = 0;              // of sampling
  InitialState start;                  // null: zero
  std::int64_t new_tokens = 128;       // at most
  std::int64_t total_tokens = 0;       // at most, the prompt included; 0: no such limit
  bool keep_values = false;            // of the exit rule's checks, for every token
  std::vector<std::int64_t> stop_ids;  // end the text and belong to it
};

struct Token {
  std::int64_t id = -1;
  std::int64_t steps = -1;  // recurrences of the pass that gave it
  bool exited = false;
  std::vector<double> values;  // of the exit rule at its checks, where they are kept
};

enum class StopReason { none, length, stop_token, caller };

struct Generated {
  std::vector<std::int64_t> ids;  // prompt and new tokens
  std::int64_t prompt = 0;        // tokens of the prompt
  std::vector<Token> tokens;      // the new ones
  StopReason reason = StopReason::none;
};

// Called after every token; false ends that sequence.
using OnToken = std::function<bool(std::size_t sequence, const Token& token)>;

// Errors (fathom::Error): a prompt without tokens, an id outside the vocabulary, a context that is too short.
std::vector<Generated> generate(LoopedModel& model, const std::vector<std::vector<std::int64_t>>& prompts,
                                const GenerateOptions& options, const OnToken& on_token = nullptr);

}  // namespace fathom::llm
