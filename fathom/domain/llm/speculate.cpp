#include "fathom/domain/llm/speculate.h"

#include <algorithm>

#include "fathom/base/error.h"

namespace fathom::llm {

namespace {

class Speculation {
 public:
  Speculation(LoopedModel& model, const std::vector<std::int64_t>& prompt, const GenerateOptions& options,
              const SpeculateOptions& draft, const OnToken& on_token)
      : decoder_(model),
        options_(options),
        draft_(draft),
        on_token_(on_token),
        start_(options.start ? options.start : zero_state(model.config())),
        limit_(length_limit(prompt, options)),
        cache_(model.make_cache({.strategy = options.cache,
                                 .recurrences = std::max(options.steps, draft.draft_steps),
                                 .capacity = limit_ + draft.lookahead + 1})) {
    result_.text.ids = prompt;
    result_.text.prompt = static_cast<std::int64_t>(prompt.size());
  }

  Speculated run() {
    const auto& ids = result_.text.ids;
    if (room() > 0) accept(argmax(pass(0, ids, options_.steps, false).logits), options_.steps);
    while (going()) round();
    return std::move(result_);
  }

 private:
  static std::int64_t length_limit(const std::vector<std::int64_t>& prompt, const GenerateOptions& options) {
    base::require(!prompt.empty(), "llm::speculate", "tokens of the prompt", 0, ">= 1",
                  "begin with the model's first token");
    const std::int64_t limit = static_cast<std::int64_t>(prompt.size()) + options.new_tokens;
    return options.total_tokens > 0 ? std::min(limit, options.total_tokens) : limit;
  }

  std::int64_t length() const { return static_cast<std::int64_t>(result_.text.ids.size()); }
  std::int64_t room() const { return limit_ - length(); }
  bool going() {
    if (result_.text.reason == StopReason::none && room() <= 0) result_.text.reason = StopReason::length;
    return result_.text.reason == StopReason::none;
  }

  const Thought& pass(std::int64_t first, std::span<const std::int64_t> ids, std::int64_t steps, bool every_row) {
    const auto rows = static_cast<std::int64_t>(ids.size());
    x0_.resize(rows * decoder_.model().config().width);
    start_(first, rows, x0_.data());
    const Work work{
        .cache = &cache_, .first = first, .ids = ids, .start = x0_.data(), .steps = steps, .every_row = every_row};
    return decoder_.run({&work, 1}, {})[0];
  }

  void accept(std::int64_t id, std::int64_t steps) {
    Generated& text = result_.text;
    text.ids.push_back(id);
    text.tokens.push_back({id, steps, false, {}});
    if (on_token_ && !on_token_(0, text.tokens.back())) text.reason = StopReason::caller;
    const auto& stops = options_.stop_ids;
    if (text.reason == StopReason::none && std::find(stops.begin(), stops.end(), id) != stops.end())
      text.reason = StopReason::stop_token;
  }

  // The last token and what the shallow model makes of it.
  void make_drafts() {
    const std::int64_t last = length() - 1;
    drafts_.assign(1, result_.text.ids.back());
    while (static_cast<std::int64_t>(drafts_.size()) <= draft_.lookahead) {
      const std::int64_t position = last + static_cast<std::int64_t>(drafts_.size()) - 1;
      drafts_.push_back(argmax(pass(position, {&drafts_.back(), 1}, draft_.draft_steps, false).logits));
    }
    cache_.slots.trim(last);
  }

  bool agrees(std::span<const float> logits, std::int64_t id) {
    if (draft_.accept >= 1) return argmax(logits) == id;
    softmax(logits, p_);
    return p_[id] >= draft_.accept * *std::max_element(p_.begin(), p_.end());
  }

  void round() {
    const std::int64_t last = length() - 1, vocabulary = decoder_.model().config().vocabulary;
    make_drafts();
    const std::span<const float> logits = pass(last, drafts_, options_.steps, true).logits;
    const auto row = [&](std::int64_t r) { return logits.subspan(r * vocabulary, vocabulary); };
    std::int64_t accepted = 0;
    for (; accepted < draft_.lookahead && going() && agrees(row(accepted), drafts_[accepted + 1]); ++accepted)
      accept(drafts_[accepted + 1], options_.steps);
    result_.accepted.push_back(accepted);
    if (going()) accept(argmax(row(accepted)), options_.steps);
    cache_.slots.trim(last + 1 + accepted);
  }

  Decoder decoder_;
  const GenerateOptions& options_;
  const SpeculateOptions& draft_;
  const OnToken& on_token_;
  InitialState start_;
  std::int64_t limit_;
  Cache cache_;
  Speculated result_;
  std::vector<float> x0_;
  std::vector<std::int64_t> drafts_;
  std::vector<double> p_;
};

}  // namespace

Speculated speculate(LoopedModel& model, const std::vector<std::int64_t>& prompt, const GenerateOptions& options,
                     const SpeculateOptions& draft, const OnToken& on_token) {
  return Speculation(model, prompt, options, draft, on_token).run();
}

}  // namespace fathom::llm
