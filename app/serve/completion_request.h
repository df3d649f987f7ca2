// What a client asks of /v1/completions and /v1/chat/completions: the fields of the OpenAI API that have a meaning
// here, and two of our own, num_steps and exit. docs/serve.md lists them with their bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fathom::app {

enum class CompletionKind { text, chat };

struct CompletionRequest {
  CompletionKind kind = CompletionKind::text;
  std::string model;                                          // "": whichever is served
  std::string prompt;                                         // of text, unless prompt_ids has any
  std::vector<std::int64_t> prompt_ids;                       // of text: the prompt as tokens
  std::vector<std::pair<std::string, std::string>> messages;  // of chat: role, content
  std::int64_t max_tokens = 0;                                // 0: not given
  std::optional<std::int64_t> num_steps;                      // recurrences of a token, at most
  std::optional<std::string> exit;                            // exit rule, as `fathom generate --exit` takes it
  double temperature = 1, top_p = 1, min_p = 0, repetition_penalty = 1;
  std::int64_t top_k = 0;
  std::optional<std::int64_t> seed;
  std::vector<std::string> stop;
  bool stream = false;
  bool stream_usage = false;  // stream_options.include_usage
};

struct CompletionBounds {
  std::int64_t max_tokens = 1024;
  std::int64_t max_steps = 64;
};

// Errors (ApiError, 400): text that is not a JSON object; a field that is unknown (the nearest is named), of another
// type, out of bounds, or asks for what there is not (n > 1, logprobs, tools, ...).
CompletionRequest parse_completion(CompletionKind kind, std::string_view body, const CompletionBounds& bounds);

}  // namespace fathom::app
