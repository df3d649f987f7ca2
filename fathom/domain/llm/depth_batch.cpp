#include "fathom/domain/llm/depth_batch.h"

#include <algorithm>

#include "fathom/base/error.h"

namespace fathom::llm {

namespace {

constexpr const char* kPlace = "llm::DepthBatch";
constexpr ExitRule kNoExit{.min_steps = std::int64_t{1} << 62};

void check_prompt(const std::vector<std::int64_t>& prompt, std::int64_t limit, const ModelConfig& config) {
  base::require(!prompt.empty(), kPlace, "tokens of a prompt", 0, ">= 1", "begin with the model's first token");
  for (const std::int64_t id : prompt) {
    base::require(id >= 0 && id < config.vocabulary, kPlace, "token", id, fmt::format("< {}", config.vocabulary),
                  "the tokenizer is not this model's");
  }
  base::require(limit <= config.context, kPlace, "tokens of prompt and answer", limit,
                fmt::format("<= {}", config.context), "the model's context ends there");
}

std::int64_t token_limit(std::size_t prompt, const GenerateOptions& options) {
  const auto length = static_cast<std::int64_t>(prompt);
  const std::int64_t limit = length + options.new_tokens;
  return std::max(length, options.total_tokens > 0 ? std::min(limit, options.total_tokens) : limit);
}

}  // namespace

// A sequence and the pass that it is in: `rows` new tokens from position `first`, after `t` recurrences.
struct DepthBatch::Sequence {
  Sequence(Key k, std::vector<std::int64_t> prompt, const GenerateOptions& o, DepthBatch::OnToken on, Cache c)
      : key(k), options(o), on_token(std::move(on)), cache(std::move(c)), sampler(o.sampler, o.seed), checks(o.exit) {
    text.prompt = static_cast<std::int64_t>(prompt.size());
    limit = token_limit(prompt.size(), o);
    text.ids = std::move(prompt);
    text.ids.reserve(static_cast<std::size_t>(limit));
  }

  bool reads_prompt() const { return read < text.prompt; }
  ExitRule rule() const { return options.exit_in_prefill || !reads_prompt() ? options.exit : kNoExit; }
  bool done() const { return exited || t >= options.steps; }

  Key key;
  GenerateOptions options;
  DepthBatch::OnToken on_token;
  Cache cache;
  Sampler sampler;
  Generated text;
  std::int64_t limit = 0;
  std::int64_t read = 0;    // tokens of the prompt
  std::vector<float> warm;  // x_0 of the next token, with a warm start

  bool in_pass = false, exited = false;
  std::int64_t first = 0, rows = 0, t = 0;
  std::vector<float> x, context;  // (rows, E)
  ExitChecks checks;
};

DepthBatch::DepthBatch(LoopedModel& model, std::int64_t prompt_rows) : model_(model), prompt_rows_(prompt_rows) {
  base::require(prompt_rows >= 1, kPlace, "prompt_rows", prompt_rows, ">= 1", "prompts must be read");
}

DepthBatch::~DepthBatch() = default;

DepthBatch::Key DepthBatch::add(std::vector<std::int64_t> prompt, const GenerateOptions& options, OnToken on_token) {
  const std::int64_t limit = token_limit(prompt.size(), options);
  check_prompt(prompt, limit, model_.config());
  GenerateOptions own = options;
  if (!own.start) own.start = zero_state(model_.config());
  Cache cache =
      model_.make_cache({.strategy = own.cache, .recurrences = own.steps, .capacity = limit, .seed = own.seed});
  sequences_.push_back(
      std::make_unique<Sequence>(next_key_, std::move(prompt), own, std::move(on_token), std::move(cache)));
  return next_key_++;
}

void DepthBatch::remove(Key key) {
  std::erase_if(sequences_, [&](const auto& s) { return s->key == key; });
}

void DepthBatch::clear() { sequences_.clear(); }

// The group's states and contexts, one below the other.
Chunk DepthBatch::gather(const Group& group, bool at_own_depth) {
  pieces_.clear();
  x_.clear();
  context_.clear();
  for (Sequence* s : group) {
    pieces_.push_back({&s->cache, s->first, s->rows, at_own_depth ? s->t : 0});
    x_.insert(x_.end(), s->x.begin(), s->x.end());
    context_.insert(context_.end(), s->context.begin(), s->context.end());
  }
  return pieces_;
}

void DepthBatch::begin_pass(Sequence& s, std::int64_t first, std::int64_t rows) {
  const ModelConfig& config = model_.config();
  s.in_pass = true;
  s.exited = false;
  s.first = first;
  s.rows = rows;
  s.t = 0;
  s.x.resize(static_cast<std::size_t>(rows * config.width));
  const bool warm = s.options.warm_start != WarmStart::none && !s.reads_prompt();
  warm ? static_cast<void>(std::copy(s.warm.begin(), s.warm.end(), s.x.begin()))
       : s.options.start(first, rows, s.x.data());
  s.checks.set(s.rule(), config.exit_threshold);
  group_.push_back(&s);
}

// The next pass of every sequence that is between two, and the prelude of them all.
void DepthBatch::begin() {
  group_.clear();
  std::int64_t reading = 0;
  for (const auto& s : sequences_) reading += s->in_pass && s->reads_prompt() ? s->rows : 0;
  for (const auto& s : sequences_) {
    if (s->in_pass) continue;
    if (!s->reads_prompt()) {
      begin_pass(*s, static_cast<std::int64_t>(s->text.ids.size()) - 1, 1);
      continue;
    }
    const std::int64_t left = s->text.prompt - s->read, chunk = s->options.prefill_chunk;
    const std::int64_t rows = chunk > 0 ? std::min(left, chunk) : left;
    if (reading > 0 && reading + rows > prompt_rows_) continue;
    reading += rows;
    begin_pass(*s, s->read, rows);
  }
  if (group_.empty()) return;
  const std::int64_t width = model_.config().width;
  const Chunk chunk = gather(group_, false);
  ids_.clear();
  for (const Sequence* s : group_)
    ids_.insert(ids_.end(), s->text.ids.begin() + s->first, s->text.ids.begin() + s->first + s->rows);
  context_.resize(x_.size());
  model_.prelude(chunk, ids_.data(), context_.data());
  const float* from = context_.data();
  for (Sequence* s : group_) {
    s->context.assign(from, from + s->rows * width);
    from += s->rows * width;
    if (model_.starts_at_context()) s->x = s->context;
    s->checks.start(s->x, s->rows, model_.config().vocabulary);
  }
}

void DepthBatch::recur() {
  group_.clear();
  rows_in_core_ = 0;
  for (const auto& s : sequences_) {
    if (!s->in_pass || s->done()) continue;
    group_.push_back(s.get());
    rows_in_core_ += s->rows;
  }
  in_core_ = static_cast<std::int64_t>(group_.size());
  if (group_.empty()) return;
  const Chunk chunk = gather(group_, true);
  model_.core(chunk, 0, context_.data(), x_.data());
  const float* from = x_.data();
  for (Sequence* s : group_) {
    std::copy_n(from, s->x.size(), s->x.begin());
    from += s->x.size();
    ++s->t;
  }
}

// logits_ (group, V) of the groups' last rows.
void DepthBatch::coda(const Group& group) {
  const Chunk chunk = gather(group, false);
  wanted_.clear();
  std::int64_t row = 0;
  for (const Sequence* s : group) wanted_.push_back((row += s->rows) - 1);
  logits_.resize(wanted_.size() * static_cast<std::size_t>(model_.config().vocabulary));
  model_.coda(chunk, x_.data(), wanted_, logits_.data());
}

// The exit rules that are due after the recurrence.
void DepthBatch::check() {
  const ModelConfig& config = model_.config();
  const Group ran = group_;
  group_.clear();
  for (Sequence* s : ran) {
    const ExitRule rule = s->rule();
    if (!rule.due(s->t - 1)) continue;
    if (rule.needs_logits()) {
      group_.push_back(s);
      continue;
    }
    const float* last = s->x.data() + (s->rows - 1) * config.width;
    s->exited = s->checks.check(s->x, {}, rule.criterion == Criterion::gate ? model_.stop_probability(last) : 0);
  }
  if (group_.empty()) return;
  coda(group_);
  for (std::size_t k = 0; k < group_.size(); ++k) {
    const auto vocabulary = static_cast<std::size_t>(config.vocabulary);
    group_[k]->exited = group_[k]->checks.check(group_[k]->x, {logits_.data() + k * vocabulary, vocabulary});
  }
}

std::vector<DepthBatch::Ended> DepthBatch::finish() {
  group_.clear();
  for (const auto& s : sequences_) {
    if (s->in_pass && s->done()) group_.push_back(s.get());
  }
  if (group_.empty()) return {};
  coda(group_);
  for (std::size_t k = 0; k < group_.size(); ++k) {
    Sequence& s = *group_[k];
    s.in_pass = false;
    s.read = std::min(s.text.prompt, s.read + s.rows);
    if (!s.reads_prompt()) take(s, logits_.data() + k * static_cast<std::size_t>(model_.config().vocabulary));
  }
  std::vector<Ended> ended;
  for (const auto& s : sequences_) {
    if (s->text.reason != StopReason::none) ended.push_back({s->key, std::move(s->text)});
  }
  for (const Ended& e : ended) remove(e.key);
  return ended;
}

void DepthBatch::take(Sequence& s, const float* logits) {
  const ModelConfig& config = model_.config();
  const float* state = s.x.data() + (s.rows - 1) * config.width;
  s.warm.resize(static_cast<std::size_t>(config.width));
  if (s.options.warm_start == WarmStart::latent) model_.latent(1, state, s.warm.data());
  if (s.options.warm_start == WarmStart::state) std::copy_n(state, config.width, s.warm.begin());
  if (static_cast<std::int64_t>(s.text.ids.size()) >= s.limit) {
    s.text.reason = StopReason::length;
    return;
  }
  const std::int64_t id = s.sampler.next({logits, static_cast<std::size_t>(config.vocabulary)}, s.text.ids);
  s.text.ids.push_back(id);
  s.text.tokens.push_back({id, s.t, s.exited, {}});
  if (s.options.keep_values) s.text.tokens.back().values = s.checks.values();
  s.text.reason = stops(s);
}

StopReason DepthBatch::stops(const Sequence& s) const {
  const Token& token = s.text.tokens.back();
  if (s.on_token && !s.on_token(token)) return StopReason::caller;
  const auto& ids = s.options.stop_ids;
  if (std::find(ids.begin(), ids.end(), token.id) != ids.end()) return StopReason::stop_token;
  return static_cast<std::int64_t>(s.text.ids.size()) >= s.limit ? StopReason::length : StopReason::none;
}

std::vector<DepthBatch::Ended> DepthBatch::step() {
  begin();
  recur();
  check();
  return finish();
}

}  // namespace fathom::llm
