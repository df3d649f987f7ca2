#include "fathom/domain/llm/decoder.h"

#include <algorithm>

#include "fathom/base/error.h"

namespace fathom::llm {

namespace {

std::int64_t rows_in(const Work& work) { return static_cast<std::int64_t>(work.ids.size()); }
Piece piece_of(const Work& work) { return {work.cache, work.first, rows_in(work)}; }

}  // namespace

void Decoder::begin(std::span<const Work> works, const ExitRule& rule) {
  const ModelConfig& config = model_.config();
  width_ = config.width;
  ids_.clear();
  offset_.clear();
  output_.clear();
  pieces_.clear();
  active_.clear();
  std::int64_t outputs = 0;
  for (const Work& work : works) {
    base::require(!work.ids.empty(), "llm::Decoder", "tokens", 0, ">= 1", "a pass is about new tokens");
    if (work.first + rows_in(work) > config.context) {
      base::fail("llm::Decoder", "position = {} violates < {}; the model's context ends there",
                 work.first + rows_in(work) - 1, config.context);
    }
    offset_.push_back(static_cast<std::int64_t>(ids_.size()));
    output_.push_back(outputs);
    outputs += work.every_row ? rows_in(work) : 1;
    ids_.insert(ids_.end(), work.ids.begin(), work.ids.end());
    pieces_.push_back(piece_of(work));
  }
  const auto numbers = static_cast<std::size_t>(ids_.size() * width_);
  context_.resize(std::max(context_.size(), numbers));
  x_.resize(std::max(x_.size(), numbers));
  done_.resize(std::max(done_.size(), numbers));
  logits_.resize(std::max(logits_.size(), static_cast<std::size_t>(outputs * config.vocabulary)));
  known_.assign(works.size(), 0);
  model_.prelude(pieces_, ids_.data(), context_.data());
  while (checks_.size() < works.size()) checks_.emplace_back(rule, config.exit_threshold);
  thoughts_.assign(works.size(), {});
  for (std::size_t w = 0; w < works.size(); ++w) {
    const std::int64_t at = offset_[w] * width_, count = rows_in(works[w]) * width_;
    std::copy_n(model_.starts_at_context() ? context_.data() + at : works[w].start, count, x_.data() + at);
    checks_[w].set(rule, config.exit_threshold);
    checks_[w].start({x_.data() + at, static_cast<std::size_t>(count)}, rows_in(works[w]), config.vocabulary);
    active_.push_back({w, offset_[w]});
  }
}

Chunk Decoder::active_chunk(std::span<const Work> works) {
  pieces_.clear();
  for (const Active& a : active_) pieces_.push_back(piece_of(works[a.work]));
  return pieces_;
}

// Takes those that are marked out of the loop: their states to done_, the rows of the others together.
void Decoder::leave(std::span<const Work> works) {
  std::int64_t row = 0;
  std::size_t kept = 0;
  for (std::size_t k = 0; k < active_.size(); ++k) {
    const Active a = active_[k];
    const std::int64_t count = rows_in(works[a.work]) * width_;
    if (leaving_[k] != 0) {
      std::copy_n(x_.data() + a.row * width_, count, done_.data() + offset_[a.work] * width_);
      continue;
    }
    if (row != a.row) {
      std::copy_n(x_.data() + a.row * width_, count, x_.data() + row * width_);
      std::copy_n(context_.data() + a.row * width_, count, context_.data() + row * width_);
    }
    active_[kept++] = {a.work, row};
    row += rows_in(works[a.work]);
  }
  active_.resize(kept);
}

void Decoder::retire(std::span<const Work> works, std::int64_t t) {
  leaving_.assign(active_.size(), 0);
  for (std::size_t k = 0; k < active_.size(); ++k) {
    if (works[active_[k].work].steps > t) continue;
    leaving_[k] = 1;
    thoughts_[active_[k].work].steps = t;
  }
  leave(works);
}

// After recurrence t.
void Decoder::check(std::span<const Work> works, const ExitRule& rule, std::int64_t t) {
  if (!rule.due(t)) return;
  const std::int64_t vocabulary = model_.config().vocabulary;
  if (rule.needs_logits()) {
    wanted_.clear();
    for (const Active& a : active_) wanted_.push_back(a.row + rows_in(works[a.work]) - 1);
    check_logits_.resize(std::max(check_logits_.size(), wanted_.size() * static_cast<std::size_t>(vocabulary)));
    model_.coda(active_chunk(works), x_.data(), wanted_, check_logits_.data());
  }
  leaving_.assign(active_.size(), 0);
  for (std::size_t k = 0; k < active_.size(); ++k) {
    const Active& a = active_[k];
    const std::int64_t rows = rows_in(works[a.work]);
    const float* x = x_.data() + a.row * width_;
    std::span<const float> logits;
    if (rule.needs_logits())
      logits = {check_logits_.data() + static_cast<std::int64_t>(k) * vocabulary, static_cast<std::size_t>(vocabulary)};
    const double p = rule.criterion == Criterion::gate ? model_.stop_probability(x + (rows - 1) * width_) : 0;
    const bool leaves = checks_[a.work].check({x, static_cast<std::size_t>(rows * width_)}, logits, p);
    if (!logits.empty() && !works[a.work].every_row && (leaves || works[a.work].steps == t + 1)) {
      std::copy(logits.begin(), logits.end(), logits_.begin() + output_[a.work] * vocabulary);
      known_[a.work] = 1;
    }
    if (!leaves) continue;
    leaving_[k] = 1;
    thoughts_[a.work].exited = true;
    thoughts_[a.work].steps = t + 1;
  }
  leave(works);
}

// Logits of works first .. last-1 from their final states.
void Decoder::read_out(std::span<const Work> works, std::size_t first, std::size_t last) {
  wanted_.clear();
  pieces_.clear();
  for (std::size_t w = first; w < last; ++w) {
    pieces_.push_back(piece_of(works[w]));
    const std::int64_t begin = offset_[w] - offset_[first], end = begin + rows_in(works[w]);
    for (std::int64_t r = works[w].every_row ? begin : end - 1; r < end; ++r) wanted_.push_back(r);
  }
  model_.coda(pieces_, done_.data() + offset_[first] * width_, wanted_,
              logits_.data() + output_[first] * model_.config().vocabulary);
}

// A pass whose last check gave a work's logits needs no coda for it again.
void Decoder::finish(std::span<const Work> works) {
  if (std::find(known_.begin(), known_.end(), 1) == known_.end()) {
    read_out(works, 0, works.size());
  } else {
    for (std::size_t w = 0; w < works.size(); ++w) {
      if (known_[w] == 0) read_out(works, w, w + 1);
    }
  }
  const std::int64_t vocabulary = model_.config().vocabulary;
  for (std::size_t w = 0; w < works.size(); ++w) {
    const std::int64_t rows = works[w].every_row ? rows_in(works[w]) : 1;
    const std::int64_t last = offset_[w] + rows_in(works[w]) - 1;
    Thought& thought = thoughts_[w];
    thought.values = checks_[w].values();
    thought.logits = {logits_.data() + output_[w] * vocabulary, static_cast<std::size_t>(rows * vocabulary)};
    thought.state = {done_.data() + last * width_, static_cast<std::size_t>(width_)};
  }
}

const std::vector<Thought>& Decoder::run(std::span<const Work> works, const ExitRule& rule) {
  begin(works, rule);
  retire(works, 0);
  for (std::int64_t t = 0; !active_.empty(); ++t) {
    model_.core(active_chunk(works), t, context_.data(), x_.data());
    check(works, rule, t);
    retire(works, t + 1);
  }
  finish(works);
  return thoughts_;
}

}  // namespace fathom::llm
