#include "fathom/domain/llm/generate.h"

#include <algorithm>

#include "fathom/base/error.h"

namespace fathom::llm {

namespace {

constexpr const char* kPlace = "llm::generate";

class Generation {
 public:
  Generation(LoopedModel& model, const std::vector<std::vector<std::int64_t>>& prompts, const GenerateOptions& options,
             const OnToken& on_token)
      : decoder_(model),
        config_(model.config()),
        options_(options),
        on_token_(on_token),
        sampler_(options.sampler, options.seed),
        start_(options.start ? options.start : zero_state(config_)) {
    for (const auto& prompt : prompts) add(prompt);
  }

  std::vector<Generated> run() {
    prefill();
    while (!live_.empty()) decode();
    return std::move(texts_);
  }

 private:
  void add(const std::vector<std::int64_t>& prompt) {
    base::require(!prompt.empty(), kPlace, "tokens of a prompt", 0, ">= 1", "begin with the model's first token");
    for (const std::int64_t id : prompt) {
      base::require(id >= 0 && id < config_.vocabulary, kPlace, "token", id, fmt::format("< {}", config_.vocabulary),
                    "the tokenizer is not this model's");
    }
    const auto length = static_cast<std::int64_t>(prompt.size());
    std::int64_t limit = length + options_.new_tokens;
    if (options_.total_tokens > 0) limit = std::min(limit, options_.total_tokens);
    limits_.push_back(limit);
    caches_.push_back(decoder_.model().make_cache({.strategy = options_.cache,
                                                   .recurrences = options_.steps,
                                                   .capacity = std::max(limit, length),
                                                   .seed = options_.seed}));
    texts_.push_back({.ids = prompt, .prompt = length});
    texts_.back().ids.reserve(static_cast<std::size_t>(std::max(limit, length)));
    warm_.emplace_back(static_cast<std::size_t>(config_.width));
  }

  Work work(std::size_t s, std::int64_t first, std::int64_t rows, float* start) {
    return {.cache = &caches_[s],
            .first = first,
            .ids = std::span(texts_[s].ids).subspan(first, rows),
            .start = start,
            .steps = options_.steps};
  }

  // Prompts in chunks, all sequences together; a sequence whose prompt is read waits for the others.
  void prefill() {
    const std::size_t count = texts_.size();
    std::vector<std::int64_t> read(count, 0);
    std::vector<std::vector<float>> starts(count);
    std::vector<Work> works;
    std::vector<std::size_t> who;
    for (bool more = true; more;) {
      works.clear();
      who.clear();
      more = false;
      for (std::size_t s = 0; s < count; ++s) {
        const std::int64_t left = texts_[s].prompt - read[s];
        if (left == 0) continue;
        const std::int64_t rows = options_.prefill_chunk > 0 ? std::min(left, options_.prefill_chunk) : left;
        starts[s].resize(rows * config_.width);
        start_(read[s], rows, starts[s].data());
        works.push_back(work(s, read[s], rows, starts[s].data()));
        who.push_back(s);
        read[s] += rows;
        more = more || read[s] < texts_[s].prompt;
      }
      const auto& thoughts =
          decoder_.run(works, options_.exit_in_prefill ? options_.exit : ExitRule{.min_steps = kNever});
      for (std::size_t k = 0; k < who.size(); ++k) {
        if (read[who[k]] == texts_[who[k]].prompt) take(who[k], thoughts[k]);
      }
    }
  }

  // One more token of every sequence that goes on.
  void decode() {
    works_.clear();
    who_ = live_;
    live_.clear();
    for (const std::size_t s : who_) {
      const auto position = static_cast<std::int64_t>(texts_[s].ids.size()) - 1;
      if (options_.warm_start == WarmStart::none) start_(position, 1, warm_[s].data());
      works_.push_back(work(s, position, 1, warm_[s].data()));
    }
    const auto& thoughts = decoder_.run(works_, options_.exit);
    for (std::size_t k = 0; k < who_.size(); ++k) take(who_[k], thoughts[k]);
  }

  void take(std::size_t s, const Thought& thought) {
    Generated& text = texts_[s];
    if (options_.warm_start == WarmStart::latent) decoder_.model().latent(1, thought.state.data(), warm_[s].data());
    if (options_.warm_start == WarmStart::state)
      std::copy(thought.state.begin(), thought.state.end(), warm_[s].begin());
    const auto length = static_cast<std::int64_t>(text.ids.size());
    if (length >= limits_[s]) {
      text.reason = StopReason::length;
      return;
    }
    const std::int64_t id = sampler_.next(thought.logits, text.ids);
    text.ids.push_back(id);
    text.tokens.push_back({id, thought.steps, thought.exited, {}});
    if (options_.keep_values) text.tokens.back().values.assign(thought.values.begin(), thought.values.end());
    text.reason = stops(s);
    if (text.reason == StopReason::none) live_.push_back(s);
  }

  StopReason stops(std::size_t s) const {
    const Token& token = texts_[s].tokens.back();
    if (on_token_ && !on_token_(s, token)) return StopReason::caller;
    const auto& ids = options_.stop_ids;
    if (std::find(ids.begin(), ids.end(), token.id) != ids.end()) return StopReason::stop_token;
    return static_cast<std::int64_t>(texts_[s].ids.size()) >= limits_[s] ? StopReason::length : StopReason::none;
  }

  static constexpr std::int64_t kNever = std::int64_t{1} << 62;

  Decoder decoder_;
  const ModelConfig& config_;
  const GenerateOptions& options_;
  const OnToken& on_token_;
  Sampler sampler_;
  InitialState start_;
  std::vector<Generated> texts_;
  std::vector<Cache> caches_;
  std::vector<std::int64_t> limits_;
  std::vector<std::vector<float>> warm_;  // x_0 of the next token
  std::vector<std::size_t> live_, who_;
  std::vector<Work> works_;
};

}  // namespace

std::vector<Generated> generate(LoopedModel& model, const std::vector<std::vector<std::int64_t>>& prompts,
                                const GenerateOptions& options, const OnToken& on_token) {
  return Generation(model, prompts, options, on_token).run();
}

}  // namespace fathom::llm
