#include "fathom/solve/iterate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>

#include "fathom/base/timer.h"
#include "fathom/solve/judge.h"
#include "fathom/solve/message.h"
#include "fathom/solve/row_tensors.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/precision.h"

namespace fathom::solve {

namespace {

class Iteration {
 public:
  Iteration(const Map& map, const State& y0, Method& method, const Stop& stop, const Loop& loop,
            const TraceOptions& trace, const Feed& feed)
      : start_(y0.detach()),
        layout_(y0),
        compactable_(map.compactable()),
        evaluation_(map, start_, loop.compact && compactable_),
        method_(method),
        stop_(stop),
        loop_(loop),
        trace_(trace),
        feed_(feed),
        judge_(stop, layout_.part_start, tensor::epsilon_of(layout_.options.dtype().toScalarType()),
               evaluation_.epsilon()),
        y_(start_.flat().clone(at::MemoryFormat::Contiguous)),
        best_(y_.clone()),
        y_state_(start_.with_flat(y_)),
        live_(layout_.batch),
        records_(layout_.batch),
        best_residual_(layout_.batch, RowRecord::kNone),
        counted_(layout_.batch, 0),
        squares_(layout_.batch * layout_.parts()) {
    for (std::int64_t b = 0; b < layout_.batch; ++b) live_[b].slot = live_[b].row = b;
  }

  Solution run() {
    method_.begin(evaluation_, stop_);
    while (!live_.empty()) {
      const Tensor g = evaluation_(y_state_, rows_);
      keep_iterate();
      step(g);
      record();
      if (feed_) refill();
      std::erase_if(live_, [](const LiveRow& live) { return !live.running; });
      if (++turns_ % loop_.compact_every == 0) compact();
    }
    return finish();
  }

 private:
  void step(const Tensor& g) {
    const std::span<LiveRow> all(live_);
    const Next place = place_of_next();
    const Tensor& next = place == Next::over_y ? y_ : place == Next::over_g ? g : other_.flat;
    const bool out_of_time = std::isfinite(stop_.seconds) && timer_.seconds() >= stop_.seconds;
    const auto most = static_cast<std::size_t>(method_.rows_at_a_time());
    method_.start_iteration();
    for (std::size_t first = 0; first < all.size();) {
      const std::span<LiveRow> rows = all.subspan(first, std::min(most, all.size() - first));
      method_.measure(rows, y_, g, squares_);
      judge_rows(rows, out_of_time);
      method_.advance(rows, best_residual_, g, y_, next, best_);
      first += rows.size();
    }
    turn(place, g);
  }

  // Over g only if that is all there is to G's value, and if rows that are done, which then move on as well, are on
  // their own.
  Next place_of_next() {
    Next place = method_.next();
    if (place == Next::over_g && (evaluation_.image() == nullptr || !compactable_)) place = Next::beside_y;
    if (place == Next::beside_y && (!other_.flat.defined() || other_.flat.size(0) != y_.size(0))) {
      other_.flat = at::empty_like(y_);
      other_.state = start_.with_flat(other_.flat);
    }
    return place;
  }

  // Goes on with the next iterate.
  void turn(Next place, const Tensor& g) {
    if (place == Next::over_g) {
      y_ = g;
      y_state_ = *evaluation_.image();
    } else if (place == Next::beside_y) {
      for (const LiveRow& live : live_) {
        if (!live.running) copy_row(y_, live.slot, other_.flat, live.slot);
      }
      std::swap(y_, other_.flat);
      std::swap(y_state_, other_.state);
    }
  }

  void judge_rows(std::span<LiveRow> rows, bool out_of_time) {
    const auto parts = static_cast<std::size_t>(layout_.parts());
    for (LiveRow& live : rows) {
      const std::span<const Squares> squares(squares_.data() + live.row * parts, parts);
      RowRecord& record = records_[live.row];
      live.roll_back = false;
      judge_(record, best_residual_[live.row], live, squares, method_.can_roll_back(live.row));
      if (live.running && out_of_time) {
        record.status = Status::budget;
        live.running = false;
      }
      if (!out_of_time) offer(live);
    }
  }

  // A row that is not there yet may go on by other means. Its best iterate is then evaluated again, as the first.
  void offer(LiveRow& live) {
    RowRecord& record = records_[live.row];
    double& best = best_residual_[live.row];
    const bool may = record.status != Status::converged && record.iterations < stop_.max_iter && std::isfinite(best);
    if (!may || !method_.starts_over(live.row, record.status)) return;
    record.start_over();
    best = RowRecord::kNone;
    live.running = true;
  }

  void keep_iterate() {
    if (std::find(trace_.keep.begin(), trace_.keep.end(), turns_) == trace_.keep.end()) return;
    solution_.trace.iterates.push_back(start_.with_flat(full_iterate()));
    solution_.trace.kept.push_back(turns_);
  }

  void record() {
    if (!trace_.residuals) return;
    Trace& to = solution_.trace;
    to.residual.emplace_back(layout_.batch, std::numeric_limits<double>::quiet_NaN());
    for (const LiveRow& live : live_) to.residual.back()[live.row] = live.residual;
    to.seconds.push_back(timer_.seconds());
  }

  // The iterates of the live rows among the answers of those that are done.
  Tensor full_iterate() const {
    std::vector<std::int64_t> slots, rows;
    for (const LiveRow& live : live_) {
      slots.push_back(live.slot);
      rows.push_back(live.row);
    }
    return best_.index_copy(0, index(rows), y_.index_select(0, index(slots)));
  }

  void refill() {
    for (LiveRow& live : live_) {
      if (live.running) continue;
      const std::int64_t row = live.row;
      const RowRecord& done = records_[row];
      const Start start = feed_({row, done.status, done.iterations, evaluation_.products()[row] - counted_[row],
                                 best_residual_[row], done.relative, method_.stage(row), best_});
      if (!start.of.defined()) continue;
      counted_[row] = evaluation_.products()[row];
      records_[row] = {};
      best_residual_[row] = RowRecord::kNone;
      copy_row(start.of, start.row, best_, row);
      copy_row(start.of, start.row, y_, live.slot);
      live.running = true;
      method_.restart(live);
    }
  }

  void compact() {
    const auto live = static_cast<double>(live_.size()), present = static_cast<double>(y_.size(0));
    if (!evaluation_.selective() || live_.empty() || live == present || live > loop_.compact_below * present) return;
    std::vector<std::int64_t> slots, rows;
    for (LiveRow& row : live_) {
      slots.push_back(row.slot);
      rows.push_back(row.row);
      row.slot = static_cast<std::int64_t>(slots.size()) - 1;
    }
    const Tensor keep = index(slots);
    y_ = y_.index_select(0, keep);
    y_state_ = start_.with_flat(y_);
    rows_ = Rows(index(rows));
    method_.gather(keep);
  }

  Tensor index(const std::vector<std::int64_t>& values) const {
    return tensor::from_int64s(values, {static_cast<std::int64_t>(values.size())}).to(y_.device());
  }

  Solution finish() {
    solution_.y = start_.with_flat(best_);
    for (std::int64_t row = 0; row < layout_.batch; ++row) {
      const RowRecord& record = records_[row];
      solution_.status.push_back(record.status);
      solution_.iterations.push_back(record.iterations);
      solution_.relative.push_back(record.relative);
      if (const std::string_view stage = method_.stage(row); !stage.empty()) solution_.stage.push_back(stage);
    }
    solution_.products = evaluation_.products();
    solution_.calls = evaluation_.calls();
    solution_.rows_evaluated = evaluation_.rows_evaluated();
    solution_.product_calls = evaluation_.product_calls();
    solution_.residual = std::move(best_residual_);
    solution_.seconds = timer_.seconds();
    solution_.message = message_of(solution_, stop_, layout_.options, evaluation_.epsilon());
    return std::move(solution_);
  }

  base::Timer timer_;
  State start_;
  Layout layout_;
  bool compactable_;
  Evaluation evaluation_;
  Method& method_;
  const Stop& stop_;
  const Loop& loop_;
  const TraceOptions& trace_;
  const Feed& feed_;
  Judge judge_;
  Tensor y_;       // (slots, D): the rows still in the batch
  Tensor best_;    // (B, D)
  State y_state_;  // y_ as G sees it
  struct {
    Tensor flat;
    State state;
  } other_;    // where the next iterate is written that goes neither over y nor over g
  Rows rows_;  // which samples the slots are
  std::vector<LiveRow> live_;
  std::vector<RowRecord> records_;
  std::vector<double> best_residual_;
  std::vector<std::int64_t> counted_;  // products of a row that belong to what it solved before
  std::vector<Squares> squares_;
  std::int64_t turns_ = 0;  // of the loop: one iterate of every live row
  Solution solution_;
};

}  // namespace

Solution iterate(const Map& map, const State& y0, Method& method, const Stop& stop, const Loop& loop,
                 const TraceOptions& trace, const Feed& feed) {
  at::NoGradGuard no_grad;
  return Iteration(map, y0, method, stop, loop, trace, feed).run();
}

}  // namespace fathom::solve
