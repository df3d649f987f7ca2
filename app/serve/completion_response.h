// Answers in the words of the OpenAI API: one object, or a stream of server-sent events that end with [DONE].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/serve/completion_request.h"

namespace fathom::app {

// What an answer cost. recurrences is ours: of all its tokens together.
struct Usage {
  std::int64_t prompt_tokens = 0, completion_tokens = 0, recurrences = 0;
};

class CompletionResponse {
 public:
  CompletionResponse(CompletionKind kind, std::string id, std::string model, std::int64_t created)
      : kind_(kind), id_(std::move(id)), model_(std::move(model)), created_(created) {}

  // The whole answer. finish_reason: "stop", "length".
  std::string whole(std::string_view text, std::string_view finish_reason, const Usage& usage) const;

  // Events of a stream, in this order; each ends with an empty line.
  std::string first_event() const;  // the role, for chat; "" for text
  std::string text_event(std::string_view text) const;
  std::string last_event(std::string_view finish_reason) const;
  std::string usage_event(const Usage& usage) const;
  static std::string error_event(std::string_view error_json);
  static std::string done_event() { return "data: [DONE]\n\n"; }

 private:
  CompletionKind kind_;
  std::string id_, model_;
  std::int64_t created_;
};

// The body of /v1/models.
std::string models_json(const std::string& model, std::int64_t created);
std::string model_json(const std::string& model, std::int64_t created);

}  // namespace fathom::app
