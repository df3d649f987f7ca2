#include "app/engine/completion_api.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <optional>

#include "app/serve/api_error.h"
#include "app/serve/completion_response.h"
#include "app/serve/prometheus.h"
#include "fathom/domain/llm/chat.h"

namespace fathom::app {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{100};              // between two looks at whether the client is still there
constexpr std::int64_t kCompletionTokens = 16;  // of /v1/completions without max_tokens, as in the OpenAI API

// Takes the same time wherever the two differ.
bool same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  return difference == 0;
}

std::string name_of_folder(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::weakly_canonical(folder);
  return path.filename().string();
}

Usage usage_of(const llm::Reply& reply) {
  const llm::Reply::Counts counts = reply.counts();
  return {counts.prompt, counts.tokens, counts.recurrences};
}

std::string reason_of(llm::Outcome outcome) { return outcome == llm::Outcome::length ? "length" : "stop"; }

// Why there is no whole answer; nothing when there is.
std::optional<ApiError> error_of(const llm::Reply& reply) {
  switch (reply.outcome()) {
    case llm::Outcome::timeout:
      return ApiError(504, reply.message());
    case llm::Outcome::failed:
      return ApiError(500, reply.message());
    case llm::Outcome::cancelled:
      return ApiError(503, "the server is shutting down");
    default:
      return std::nullopt;
  }
}

llm::SchedulerOptions scheduling(const ServeOptions& o) {
  constexpr double kGigabyte = 1e9;
  llm::SchedulerOptions s{.batch = o.max_batch, .queue = o.queue, .cache_bytes = o.cache_memory * kGigabyte};
  s.prompt_rows = std::max(s.prompt_rows, o.language.prefill_chunk);
  return s;
}

}  // namespace

CompletionApi::CompletionApi(ServeOptions options, LanguageModel opened, std::uint64_t seed)
    : options_(std::move(options)),
      opened_(std::move(opened)),
      seed_(seed),
      started_(std::time(nullptr)),
      scheduler_(*opened_.model, opened_.tokenizer, opened_.decode, scheduling(options_)) {
  if (options_.name.empty()) options_.name = name_of_folder(options_.language.model);
}

std::vector<Route> CompletionApi::routes() {
  const auto json = [](std::string body) { return HttpResponse{.body = std::move(body)}; };
  return {
      {"POST", "/v1/completions",
       [this](const HttpRequest& request, Peer& peer) { return complete(CompletionKind::text, request, peer); }},
      {"POST", "/v1/chat/completions",
       [this](const HttpRequest& request, Peer& peer) { return complete(CompletionKind::chat, request, peer); }},
      {"GET", "/v1/models",
       [this, json](const HttpRequest& request, Peer&) {
         authorise(request);
         return json(models_json(options_.name, started_));
       }},
      {"GET", "/v1/models/" + options_.name,
       [this, json](const HttpRequest& request, Peer&) {
         authorise(request);
         return json(model_json(options_.name, started_));
       }},
      {"GET", "/health", [this](const HttpRequest&, Peer&) { return health(); }},
      {"GET", "/metrics", [this](const HttpRequest&, Peer&) { return metrics(); }},
  };
}

void CompletionApi::authorise(const HttpRequest& request) const {
  if (options_.api_key.empty()) return;
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = request.authorization;
  if (given.starts_with(kScheme) && same_secret(given.substr(kScheme.size()), options_.api_key)) return;
  throw ApiError(401, "the Authorization header violates Bearer and the server's API key", "", "invalid_api_key");
}

void CompletionApi::check_model(const CompletionRequest& asked) const {
  if (asked.model.empty() || asked.model == options_.name) return;
  throw ApiError(404, fmt::format("model = {} violates {}, the one that is served", asked.model, options_.name),
                 "model", "model_not_found");
}

std::vector<std::int64_t> CompletionApi::prompt_of(const CompletionRequest& asked) const {
  const std::int64_t vocabulary = opened_.model->config().vocabulary;
  std::vector<std::int64_t> ids = asked.prompt_ids;
  if (asked.kind == CompletionKind::chat) {
    std::vector<llm::ChatMessage> messages;
    for (const auto& [role, content] : asked.messages) messages.push_back({role, content});
    ids = opened_.tokenizer.encode(llm::chat_prompt(messages), false);
  } else if (ids.empty()) {
    ids = opened_.tokenizer.encode(asked.prompt);
  }
  if (ids.empty()) refuse_field("prompt", "0 tokens", ">= 1", "the tokenizer keeps nothing of this text");
  for (const std::int64_t id : ids) {
    if (id < 0 || id >= vocabulary) refuse_field("prompt", std::to_string(id), fmt::format("< {}", vocabulary));
  }
  return ids;
}

std::int64_t CompletionApi::tokens_of(const CompletionRequest& asked, std::size_t prompt) const {
  const std::int64_t room = opened_.model->config().context - static_cast<std::int64_t>(prompt);
  const std::int64_t unasked = asked.kind == CompletionKind::chat ? options_.max_tokens : kCompletionTokens;
  const std::int64_t tokens = asked.max_tokens > 0 ? asked.max_tokens : std::clamp<std::int64_t>(room, 1, unasked);
  if (tokens <= room) return tokens;
  throw ApiError(400,
                 fmt::format("prompt and max_tokens = {} + {} tokens violates <= {}, the model's context", prompt,
                             tokens, opened_.model->config().context),
                 "max_tokens", "context_length_exceeded");
}

llm::Job CompletionApi::job_of(const CompletionRequest& asked) const {
  const llm::ModelConfig& config = opened_.model->config();
  LanguageModelOptions language = options_.language;
  if (asked.num_steps) language.steps = *asked.num_steps;
  if (asked.exit) language.exit = *asked.exit;
  llm::Job job;
  try {
    job.how = decoding(language, opened_, asked.seed ? static_cast<std::uint64_t>(*asked.seed) : seed_);
  } catch (const UsageError& error) {
    throw ApiError(400, error.what(), "exit");
  }
  if (job.how.exit.criterion == llm::Criterion::gate && config.architecture != llm::Architecture::ouro)
    refuse_field("exit", "gate", "what this model has learned", "choose another criterion");
  job.prompt = prompt_of(asked);
  job.how.new_tokens = tokens_of(asked, job.prompt.size());
  job.how.sampler = {.temperature = asked.temperature,
                     .repetition = asked.repetition_penalty,
                     .top_k = asked.top_k,
                     .top_p = asked.top_p,
                     .min_p = asked.min_p};
  job.stops = asked.stop;
  if (asked.kind == CompletionKind::chat) {
    for (const std::string& stop : llm::chat_stops()) job.stops.push_back(stop);
  }
  job.seconds = options_.timeout;
  return job;
}

std::shared_ptr<llm::Reply> CompletionApi::submit(llm::Job job) {
  try {
    return scheduler_.submit(std::move(job));
  } catch (const llm::QueueFull& error) {
    throw ApiError(429, error.what());
  } catch (const llm::Draining&) {
    throw ApiError(503, "the server is shutting down");
  } catch (const Error& error) {
    throw ApiError(400, error.what());
  }
}

CompletionResponse CompletionApi::response_of(const CompletionRequest& asked) {
  const char* prefix = asked.kind == CompletionKind::chat ? "chatcmpl" : "cmpl";
  return {asked.kind, fmt::format("{}-{:x}-{:x}", prefix, started_, ++completions_), options_.name,
          static_cast<std::int64_t>(std::time(nullptr))};
}

void CompletionApi::cancel(llm::Reply& reply) {
  if (reply.outcome() == llm::Outcome::running) ++cancelled_;
  reply.cancel();
}

HttpResponse CompletionApi::complete(CompletionKind kind, const HttpRequest& request, Peer& peer) {
  authorise(request);
  const CompletionRequest asked =
      parse_completion(kind, request.body, {.max_tokens = options_.max_tokens, .max_steps = options_.max_steps});
  check_model(asked);
  std::shared_ptr<llm::Reply> reply;
  try {
    reply = submit(job_of(asked));
  } catch (const ApiError&) {
    throw;
  } catch (const Error& error) {  // of the tokenizer
    throw ApiError(400, error.what());
  }
  return asked.stream ? streamed(asked, std::move(reply)) : whole(asked, *reply, peer);
}

HttpResponse CompletionApi::whole(const CompletionRequest& asked, llm::Reply& reply, Peer& peer) {
  while (!reply.wait(kLook)) {
    if (!peer.alive()) cancel(reply);
  }
  if (const auto error = error_of(reply)) throw *error;
  const std::string text = reply.take(milliseconds(0));
  return {.body = response_of(asked).whole(text, reason_of(reply.outcome()), usage_of(reply))};
}

HttpResponse CompletionApi::streamed(const CompletionRequest& asked, std::shared_ptr<llm::Reply> reply) {
  HttpResponse response{.type = "text/event-stream", .headers = {{"Cache-Control", "no-cache"}}};
  response.stream = [this, says = response_of(asked), reply = std::move(reply),
                     usage = asked.stream_usage](Peer& peer) {
    bool there = peer.write(says.first_event());
    for (bool ended = false; there && !ended;) {
      ended = reply->outcome() != llm::Outcome::running;
      const std::string text = reply->take(kLook);
      there = text.empty() ? peer.alive() : peer.write(says.text_event(text));
    }
    if (!there) return cancel(*reply);
    if (const auto error = error_of(*reply)) {
      static_cast<void>(peer.write(CompletionResponse::error_event(error->json())));
      return;
    }
    std::string end = says.last_event(reason_of(reply->outcome()));
    if (usage) end += says.usage_event(usage_of(*reply));
    static_cast<void>(peer.write(end + CompletionResponse::done_event()));
  };
  return response;
}

HttpResponse CompletionApi::health() const {
  if (draining_) throw ApiError(503, "the server is shutting down");
  return {.body = "{\"status\":\"ok\"}\n"};
}

void CompletionApi::answered(const std::string& path, int status, double seconds) {
  const std::lock_guard lock(mutex_);
  ++responses_[{path, status}];
  if (path.ends_with("/completions")) seconds_.add(seconds);
}

HttpResponse CompletionApi::metrics() const {
  const llm::SchedulerStats stats = scheduler_.stats();
  PrometheusText text;
  {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<PrometheusText::Labels, double>> samples;
    for (const auto& [key, count] : responses_)
      samples.push_back({{{"path", key.first}, {"status", std::to_string(key.second)}}, static_cast<double>(count)});
    text.counters("fathom_requests_total", "responses by path and status", samples);
    text.histogram("fathom_request_seconds", "from a completion's request to the end of its answer", seconds_);
  }
  text.histogram("fathom_first_token_seconds", "from a request to its first token", stats.first_token);
  text.gauge("fathom_requests_running", "requests in the batch", static_cast<double>(stats.running));
  text.gauge("fathom_requests_waiting", "requests in the queue", static_cast<double>(stats.waiting));
  text.counter("fathom_requests_cancelled_total", "requests whose client went away", static_cast<double>(cancelled_));
  text.counter("fathom_prompt_tokens_total", "tokens of prompts", static_cast<double>(stats.prompt_tokens));
  text.counter("fathom_generated_tokens_total", "tokens of answers", static_cast<double>(stats.tokens));
  text.counter("fathom_recurrences_total", "recurrences of answers' tokens", static_cast<double>(stats.recurrences));
  text.histogram("fathom_recurrences_per_token", "recurrences of a token of an answer", stats.depth);
  text.histogram("fathom_batch_occupancy", "requests that shared one pass over the core's weights", stats.occupancy);
  return {.body = text.text(), .type = "text/plain; version=0.0.4; charset=utf-8"};
}

void CompletionApi::drain() {
  draining_ = true;
  scheduler_.drain(options_.grace);
}

}  // namespace fathom::app
