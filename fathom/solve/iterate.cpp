#include "fathom/solve/iterate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"
#include "fathom/base/timer.h"
#include "fathom/solve/judge.h"
#include "fathom/solve/message.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

double epsilon_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return std::numeric_limits<double>::epsilon();
    case at::kFloat:
      return std::numeric_limits<float>::epsilon();
    case at::kHalf:
      return 0x1p-10;
    default:
      return 0x1p-7;  // bfloat16
  }
}

class Iteration {
 public:
  Iteration(const Map& map, const State& y0, Method& method, const Stop& stop, const Loop& loop,
            const TraceOptions& trace)
      : map_(map),
        start_(y0.detach()),
        layout_(y0),
        method_(method),
        stop_(stop),
        loop_(loop),
        trace_(trace),
        judge_(stop, layout_.part_start, epsilon_of(layout_.options.dtype().toScalarType())),
        y_(start_.flat().clone(at::MemoryFormat::Contiguous)),
        best_(y_.clone()),
        y_state_(start_.with_flat(y_)),
        live_(layout_.batch),
        records_(layout_.batch),
        best_residual_(layout_.batch, RowRecord::kNone),
        squares_(layout_.batch * layout_.parts()) {
    for (std::int64_t b = 0; b < layout_.batch; ++b) live_[b].slot = live_[b].row = b;
    solution_.calls = solution_.rows_evaluated = 0;
  }

  Solution run() {
    while (!live_.empty()) {
      const Tensor g = evaluate();
      keep_iterate();
      step(g);
      record();
      std::erase_if(live_, [](const LiveRow& live) { return !live.running; });
      if (solution_.calls % loop_.compact_every == 0) compact();
    }
    return finish();
  }

 private:
  // G at the live rows as one contiguous matrix.
  Tensor evaluate() {
    const bool counts_writes = !y_.is_inference();
    const std::uint32_t version = counts_writes ? y_._version() : 0;
    const State g = map_(y_state_, rows_);
    if (counts_writes && y_._version() != version) {
      base::fail("solve::fixed_point", "G wrote into its argument; return a new tensor (tanh, not tanh_, of y)");
    }
    check(g);
    ++solution_.calls;
    solution_.rows_evaluated += y_.size(0);
    return g.flat().contiguous();
  }

  void check(const State& g) const {
    if (!g.defined()) base::fail("solve::fixed_point", "G returned no tensor");
    const Tensor& of_y = y_state_[0];
    const Tensor& of_g = g[0];
    if (!g.same_layout(y_state_) || g.batch() != y_.size(0)) {
      base::fail("solve::fixed_point",
                 "G returned shape {} for a state of shape {}; a fixed point needs G(y) shaped like y",
                 fmt::streamed(of_g.sizes()), fmt::streamed(of_y.sizes()));
    }
    if (of_g.scalar_type() != of_y.scalar_type() || of_g.device() != of_y.device()) {
      base::fail("solve::fixed_point", "G returned {} on {} for a state of {} on {}; convert one of them",
                 c10::toString(of_g.scalar_type()), of_g.device().str(), c10::toString(of_y.scalar_type()),
                 of_y.device().str());
    }
  }

  void step(const Tensor& g) {
    const std::span<LiveRow> all(live_);
    const bool out_of_time = std::isfinite(stop_.seconds) && timer_.seconds() >= stop_.seconds;
    const auto most = static_cast<std::size_t>(method_.rows_at_a_time());
    method_.start_iteration();
    for (std::size_t first = 0; first < all.size();) {
      const std::span<LiveRow> rows = all.subspan(first, std::min(most, all.size() - first));
      method_.measure(rows, y_, g, squares_);
      judge_rows(rows, out_of_time);
      method_.advance(rows, best_residual_, g, y_, best_);
      first += rows.size();
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
    }
  }

  void keep_iterate() {
    const std::int64_t t = solution_.calls - 1;
    if (std::find(trace_.keep.begin(), trace_.keep.end(), t) == trace_.keep.end()) return;
    solution_.trace.iterates.push_back(start_.with_flat(full_iterate()));
    solution_.trace.kept.push_back(t);
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

  void compact() {
    const auto live = static_cast<double>(live_.size()), present = static_cast<double>(y_.size(0));
    if (!loop_.compact || !map_.compactable() || live_.empty() || live == present ||
        live > loop_.compact_below * present)
      return;
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
    for (const RowRecord& record : records_) {
      solution_.status.push_back(record.status);
      solution_.iterations.push_back(record.iterations);
      solution_.relative.push_back(record.relative);
    }
    solution_.residual = std::move(best_residual_);
    solution_.seconds = timer_.seconds();
    solution_.message = message_of(solution_, stop_, layout_.options);
    return std::move(solution_);
  }

  base::Timer timer_;
  const Map& map_;
  State start_;
  Layout layout_;
  Method& method_;
  const Stop& stop_;
  const Loop& loop_;
  const TraceOptions& trace_;
  Judge judge_;
  Tensor y_;       // (slots, D): the rows still in the batch
  Tensor best_;    // (B, D)
  State y_state_;  // y_ as G sees it
  Rows rows_;      // which samples the slots are
  std::vector<LiveRow> live_;
  std::vector<RowRecord> records_;
  std::vector<double> best_residual_;
  std::vector<Squares> squares_;
  Solution solution_;
};

}  // namespace

Solution iterate(const Map& map, const State& y0, Method& method, const Stop& stop, const Loop& loop,
                 const TraceOptions& trace) {
  at::NoGradGuard no_grad;
  return Iteration(map, y0, method, stop, loop, trace).run();
}

}  // namespace fathom::solve
