#include "app/serve/completion_response.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace fathom::app {

namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string event(const Json& json) { return fmt::format("data: {}\n\n", dumped(json)); }

Json usage_of(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"recurrences", usage.recurrences}};
}

Json reason_of(std::string_view finish_reason) { return finish_reason.empty() ? Json() : Json(finish_reason); }

Json choice_of(const char* part, Json value, std::string_view finish_reason) {
  return {{"index", 0}, {part, std::move(value)}, {"logprobs", nullptr}, {"finish_reason", reason_of(finish_reason)}};
}

Json object_of(const char* object, const std::string& id, const std::string& model, std::int64_t created,
               Json choices) {
  return {{"id", id}, {"object", object}, {"created", created}, {"model", model}, {"choices", std::move(choices)}};
}

Json model_of(const std::string& model, std::int64_t created) {
  return {{"id", model}, {"object", "model"}, {"created", created}, {"owned_by", "fathom"}};
}

}  // namespace

std::string CompletionResponse::whole(std::string_view text, std::string_view finish_reason, const Usage& usage) const {
  const bool chat = kind_ == CompletionKind::chat;
  const Json choice =
      chat ? choice_of("message", Json{{"role", "assistant"}, {"content", text}, {"refusal", nullptr}}, finish_reason)
           : choice_of("text", text, finish_reason);
  Json json = object_of(chat ? "chat.completion" : "text_completion", id_, model_, created_, Json::array({choice}));
  json["usage"] = usage_of(usage);
  return dumped(json);
}

std::string CompletionResponse::first_event() const {
  if (kind_ == CompletionKind::text) return "";
  const Json delta = {{"role", "assistant"}, {"content", ""}};
  return event(object_of("chat.completion.chunk", id_, model_, created_, Json::array({choice_of("delta", delta, "")})));
}

std::string CompletionResponse::text_event(std::string_view text) const {
  if (kind_ == CompletionKind::text)
    return event(object_of("text_completion", id_, model_, created_, Json::array({choice_of("text", text, "")})));
  return event(object_of("chat.completion.chunk", id_, model_, created_,
                         Json::array({choice_of("delta", Json{{"content", text}}, "")})));
}

std::string CompletionResponse::last_event(std::string_view finish_reason) const {
  if (kind_ == CompletionKind::text)
    return event(
        object_of("text_completion", id_, model_, created_, Json::array({choice_of("text", "", finish_reason)})));
  return event(object_of("chat.completion.chunk", id_, model_, created_,
                         Json::array({choice_of("delta", Json::object(), finish_reason)})));
}

std::string CompletionResponse::usage_event(const Usage& usage) const {
  const char* object = kind_ == CompletionKind::text ? "text_completion" : "chat.completion.chunk";
  Json json = object_of(object, id_, model_, created_, Json::array());
  json["usage"] = usage_of(usage);
  return event(json);
}

std::string CompletionResponse::error_event(std::string_view error_json) {
  return fmt::format("data: {}\n\n", error_json);
}

std::string models_json(const std::string& model, std::int64_t created) {
  return dumped({{"object", "list"}, {"data", Json::array({model_of(model, created)})}});
}

std::string model_json(const std::string& model, std::int64_t created) { return dumped(model_of(model, created)); }

}  // namespace fathom::app
