#include "app/serve/completion_request.h"

#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "app/serve/api_error.h"
#include "fathom/base/fields.h"
#include "fathom/io/json_parse.h"

namespace fathom::app {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostStops = 4, kLongestStop = 256;

// A value as an error shows it.
std::string shown(const Json& value) {
  constexpr std::size_t kLongest = 60;
  const std::string text = value.dump(-1, ' ', true);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

// The object's fields, each read once; what nobody asked for is refused in the end.
class Object {
 public:
  explicit Object(const Json& json) : json_(json) {}

  // Null where the field is absent or null.
  const Json* find(const std::string& name) {
    known_.insert(name);
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  void read(const std::string& name, double& value, base::Bounds bounds) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_number() || !bounds.hold(json->get<double>())) refuse_field(name, shown(*json), bounds.text());
    value = json->get<double>();
  }

  void read(const std::string& name, std::int64_t& value, base::Bounds bounds, const std::string& hint = "") {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_number_integer() || !bounds.hold(json->get<double>()))
      refuse_field(name, shown(*json), "an integer, " + bounds.text(), hint);
    value = json->get<std::int64_t>();
  }

  void read(const std::string& name, bool& value) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_boolean()) refuse_field(name, shown(*json), "true|false");
    value = json->get<bool>();
  }

  void read(const std::string& name, std::string& value) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_string()) refuse_field(name, shown(*json), "a text");
    value = json->get<std::string>();
  }

  // A field of the API that has one value here.
  void only(const std::string& name, const Json& value, const std::string& why) {
    const Json* json = find(name);
    if (json != nullptr && *json != value) refuse_field(name, shown(*json), "= " + shown(value), why);
  }

  void ignore(const std::string& name) { known_.insert(name); }

  void finish(const std::string& where = "") const {
    for (const auto& [name, value] : json_.items()) {
      if (known_.contains(name)) continue;
      const std::string near = base::nearest(name, {known_.begin(), known_.end()});
      throw ApiError(400,
                     fmt::format("unknown field '{}{}'{}", where, name,
                                 near.empty() ? "" : fmt::format("; did you mean '{}{}'?", where, near)),
                     where + name);
    }
  }

 private:
  const Json& json_;
  std::set<std::string> known_;
};

Json parse_object(std::string_view body) {
  Json json;
  try {
    json = io::parse_json(body, "app::serve", "the request's body");
  } catch (const Error& error) {
    throw ApiError(400, error.what());
  }
  if (!json.is_object()) throw ApiError(400, "the request's body violates a JSON object; send {\"prompt\": ...}");
  return json;
}

bool is_ids(const Json& json) {
  if (!json.is_array() || json.empty()) return false;
  for (const Json& each : json) {
    if (!each.is_number_integer()) return false;
  }
  return true;
}

// A text, token ids, or a list of one of these.
void read_prompt(Object& object, CompletionRequest& request) {
  const Json* json = object.find("prompt");
  if (json == nullptr) throw ApiError(400, "prompt is needed: a text, or an array of token ids", "prompt");
  const bool list = json->is_array() && !is_ids(*json);
  if (list && json->size() != 1)
    refuse_field("prompt", fmt::format("{} prompts", json->size()), "1", "send a request for each");
  if (list) json = &json->front();
  if (json->is_string()) {
    request.prompt = json->get<std::string>();
  } else if (is_ids(*json)) {
    for (const Json& id : *json) {
      if (!base::Bounds{.at_least = 0, .at_most = 1e9}.hold(id.get<double>()))
        refuse_field("prompt", shown(id), "token ids");
      request.prompt_ids.push_back(id.get<std::int64_t>());
    }
  } else {
    refuse_field("prompt", shown(*json), "a text, or an array of token ids");
  }
  if (request.prompt.empty() && request.prompt_ids.empty()) refuse_field("prompt", "\"\"", "a text that is not empty");
}

// A text, or an array of parts that are texts.
std::string read_content(const Json& message, const std::string& field) {
  const auto found = message.find("content");
  if (found != message.end() && found->is_string()) return found->get<std::string>();
  if (found == message.end() || !found->is_array())
    refuse_field(field, found == message.end() ? "null" : shown(*found), "a text");
  std::string content;
  for (const Json& part : *found) {
    const bool text = part.is_object() && part.value("type", Json()) == "text" && part.contains("text") &&
                      part.at("text").is_string();
    if (!text) refuse_field(field, shown(part), "{\"type\": \"text\", \"text\": ...}", "the model reads text only");
    content += part.at("text").get<std::string>();
  }
  return content;
}

void read_messages(Object& object, CompletionRequest& request) {
  constexpr std::array<std::string_view, 4> kRoles = {"system", "developer", "user", "assistant"};
  const Json* json = object.find("messages");
  if (json == nullptr) throw ApiError(400, "messages is needed: an array of {\"role\", \"content\"}", "messages");
  if (!json->is_array() || json->empty())
    refuse_field("messages", shown(*json), "an array of one or more {\"role\", \"content\"}");
  for (std::size_t i = 0; i < json->size(); ++i) {
    const Json& message = (*json)[i];
    const std::string field = fmt::format("messages[{}]", i);
    if (!message.is_object()) refuse_field(field, shown(message), "{\"role\", \"content\"}");
    const Json role = message.value("role", Json());
    if (!role.is_string() || std::find(kRoles.begin(), kRoles.end(), role.get<std::string>()) == kRoles.end())
      refuse_field(field + ".role", shown(role), "system|developer|user|assistant");
    request.messages.emplace_back(role == "developer" ? "system" : role.get<std::string>(),
                                  read_content(message, field + ".content"));
  }
}

void read_stops(Object& object, CompletionRequest& request) {
  const Json* json = object.find("stop");
  if (json == nullptr) return;
  const Json list = json->is_array() ? *json : Json::array({*json});
  if (list.size() > kMostStops) refuse_field("stop", fmt::format("{} texts", list.size()), "<= 4");
  for (const Json& each : list) {
    if (!each.is_string() || each.get_ref<const std::string&>().empty() ||
        each.get_ref<const std::string&>().size() > kLongestStop)
      refuse_field("stop", shown(each), fmt::format("texts of 1 to {} bytes", kLongestStop));
    request.stop.push_back(each.get<std::string>());
  }
}

void read_sampling(Object& object, CompletionRequest& request) {
  object.read("temperature", request.temperature, {.at_least = 0, .at_most = 2});
  object.read("top_p", request.top_p, {.above = 0, .at_most = 1});
  object.read("min_p", request.min_p, {.at_least = 0, .at_most = 1});
  object.read("repetition_penalty", request.repetition_penalty, {.above = 0, .at_most = 100});
  object.read("top_k", request.top_k, {.at_least = 0, .at_most = 1e9});
  if (object.find("seed") == nullptr) return;
  std::int64_t seed = 0;
  object.read("seed", seed, {.at_least = 0, .at_most = 9e15});
  request.seed = seed;
}

void read_depth(Object& object, CompletionRequest& request, const CompletionBounds& bounds) {
  if (object.find("num_steps") != nullptr) {
    std::int64_t steps = 0;
    object.read("num_steps", steps, {.at_least = 1, .at_most = static_cast<double>(bounds.max_steps)},
                "recurrences of a token; the server's --max-steps is the bound");
    request.num_steps = steps;
  }
  if (object.find("exit") == nullptr) return;
  std::string exit;
  object.read("exit", exit);
  request.exit = exit;
}

void read_length(Object& object, CompletionRequest& request, const CompletionBounds& bounds) {
  const base::Bounds tokens{.at_least = 1, .at_most = static_cast<double>(bounds.max_tokens)};
  const std::string hint = "the server's --max-tokens is the bound";
  object.read("max_tokens", request.max_tokens, tokens, hint);
  if (request.kind == CompletionKind::chat) object.read("max_completion_tokens", request.max_tokens, tokens, hint);
}

void read_streaming(Object& object, CompletionRequest& request) {
  object.read("stream", request.stream);
  const Json* json = object.find("stream_options");
  if (json == nullptr) return;
  if (!json->is_object()) refuse_field("stream_options", shown(*json), "{\"include_usage\": true|false}");
  Object options(*json);
  options.read("include_usage", request.stream_usage);
  options.finish("stream_options.");
}

// What the API has and this server has not, and what it may safely pass over.
void refuse_what_there_is_not(Object& object, CompletionKind kind) {
  object.only("n", 1, "one answer a request; the same seed gives the same answer");
  object.only("frequency_penalty", 0, "use repetition_penalty");
  object.only("presence_penalty", 0, "use repetition_penalty");
  object.only("logit_bias", Json::object(), "logits are not open to requests");
  if (kind == CompletionKind::chat) {
    object.only("logprobs", false, "probabilities are not reported");
    object.only("top_logprobs", 0, "probabilities are not reported");
    object.only("tools", Json::array(), "the model calls no tools");
    object.only("tool_choice", "none", "the model calls no tools");
    object.only("functions", Json::array(), "the model calls no functions");
    object.only("response_format", Json{{"type", "text"}}, "answers are free text");
    object.only("modalities", Json::array({"text"}), "answers are text");
  } else {
    object.only("logprobs", 0, "probabilities are not reported");
    object.only("echo", false, "the prompt is not repeated");
    object.only("suffix", "", "texts are continued, not filled in");
    object.only("best_of", 1, "one answer a request");
  }
  for (const char* name : {"user", "metadata", "store", "service_tier"}) object.ignore(name);
}

}  // namespace

CompletionRequest parse_completion(CompletionKind kind, std::string_view body, const CompletionBounds& bounds) {
  const Json json = parse_object(body);
  Object object(json);
  CompletionRequest request;
  request.kind = kind;
  object.read("model", request.model);
  kind == CompletionKind::chat ? read_messages(object, request) : read_prompt(object, request);
  read_length(object, request, bounds);
  read_depth(object, request, bounds);
  read_sampling(object, request);
  read_stops(object, request);
  read_streaming(object, request);
  refuse_what_there_is_not(object, kind);
  object.finish();
  return request;
}

}  // namespace fathom::app
