#include "fathom/solve/broyden.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/solve/row_tensors.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

constexpr double kSmallestPivot = 0.1;  // of s'Kq / s's, in size
constexpr std::int64_t kFailures = 3;   // bad steps in a row from which a row still learns

// K = I + sum_i u_i v_i' for every slot. Pairs that a row does not use are zero.
class Pairs {
 public:
  Pairs(std::int64_t capacity, std::int64_t rows, std::int64_t width, const at::TensorOptions& options)
      : u_(at::zeros({rows, capacity, width}, options)), v_(at::zeros_like(u_)) {}

  // K x for the columns x_1 .. x_n (slots, n, D).
  Tensor times(const Tensor& x) const { return x + at::bmm(at::bmm(x, used(v_).transpose(1, 2)), used(u_)); }
  // K'x for x (slots, 1, D).
  Tensor transposed_times(const Tensor& x) const { return x + at::bmm(at::bmm(x, used(u_).transpose(1, 2)), used(v_)); }

  void append(const Tensor& u, const Tensor& v) {
    const std::int64_t column = written_++ % u_.size(1);
    u_.select(1, column).copy_(u);
    v_.select(1, column).copy_(v);
  }
  void forget(const Tensor& slots) {
    u_.index_fill_(0, slots, 0);
    v_.index_fill_(0, slots, 0);
  }
  void gather(const Tensor& slots) {
    u_ = u_.index_select(0, slots);
    v_ = v_.index_select(0, slots);
  }

 private:
  Tensor used(const Tensor& pairs) const { return pairs.narrow(1, 0, std::min(written_, pairs.size(1))); }

  Tensor u_, v_;              // (slots, capacity, D)
  std::int64_t written_ = 0;  // columns, the same for all rows
};

class BroydenMethod final : public Method {
 public:
  BroydenMethod(const Broyden& options, const Layout& layout)
      : options_(options),
        layout_(layout),
        best_r_(widened(at::zeros({layout.batch, layout.width()}, layout.options))),
        pairs_(options.memory, layout.batch, layout.width(), best_r_.options()),
        y_prev_(at::zeros_like(best_r_)),
        r_prev_(at::zeros_like(best_r_)),
        points_(layout.batch, 0),
        failures_(layout.batch, 0),
        used_(layout.batch, 0) {}

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    r_ = widened(g) - widened(y);
    write_squares(rows, layout_, r_, g, squares);
  }

  bool can_roll_back(std::int64_t row) const override { return used_[row] > 0; }

  void advance(std::span<LiveRow> rows, const std::vector<double>& best_residual, const Tensor&, const Tensor& y,
               const Tensor&, const Tensor& best) override {
    copy_improved(rows, y, best);
    copy_improved(rows, r_, best_r_);
    for (LiveRow& live : rows) choose(live, best_residual[live.row]);
    forget();
    update(y);
    for (const LiveRow& live : rows) {
      if (live.running && live.roll_back) go_back(live, y, best);
    }
    const Tensor step = pairs_.times(r_.unsqueeze(1)).squeeze(1);
    y_prev_.copy_(y);
    r_prev_.copy_(r_);
    copy_running(rows, (y_prev_ + options_.damping * step).to(y.scalar_type()), y);
  }

  void restart(const LiveRow& live) override {
    points_[live.row] = failures_[live.row] = used_[live.row] = 0;
    pairs_.forget(slots({live.slot}));
  }

  void gather(const Tensor& kept) override {
    pairs_.gather(kept);
    y_prev_ = y_prev_.index_select(0, kept);
    r_prev_ = r_prev_.index_select(0, kept);
  }

 private:
  Tensor slots(const std::vector<std::int64_t>& values) const {
    return tensor::from_int64s(values, {static_cast<std::int64_t>(values.size())}).to(layout_.options.device());
  }

  // Which rows get a new pair, which go back to their best, and which forget the pairs they have.
  void choose(LiveRow& live, double best_residual) {
    if (!live.running) return;
    const std::int64_t row = live.row;
    live.roll_back = used_[row] > 0 && !(live.residual <= options_.safeguard * best_residual);
    failures_[row] = live.roll_back ? failures_[row] + 1 : 0;
    const bool gives_up = live.roll_back && (failures_[row] > kFailures || !std::isfinite(live.residual));
    const bool updates = points_[row]++ > 0 && !gives_up;
    if (gives_up || (updates && used_[row] == options_.memory)) {
      forgetting_.push_back(live.slot);
      used_[row] = 0;
    }
    if (gives_up) failures_[row] = 0;
    if (!updates) return;
    updating_.push_back(live.slot);
    ++used_[row];
  }

  void forget() {
    if (!forgetting_.empty()) pairs_.forget(slots(forgetting_));
    forgetting_.clear();
  }

  // The newest pair of the rows that get one, and zeros for the others, so that all rows write the same column.
  void update(const Tensor& y) {
    if (updating_.empty()) return;
    const Tensor chosen = at::zeros({y.size(0), 1}, y.options().dtype(at::kBool)).index_fill_(0, slots(updating_), 1);
    updating_.clear();
    const Tensor s = widened(y) - y_prev_, q = r_prev_ - r_;
    const Tensor kq = pairs_.times(q.unsqueeze(1)).squeeze(1);
    const Tensor v = pairs_.transposed_times(s.unsqueeze(1)).squeeze(1);
    const Tensor ss = row_dots(s, s).unsqueeze(1);
    const Tensor gamma = row_dots(s, kq).unsqueeze(1) / ss;
    // q~ = theta q + (1 - theta) K^-1 s has s'Kq~ = pivot s's.
    const Tensor wanted = at::where(gamma < 0, -kSmallestPivot, kSmallestPivot).to(gamma.scalar_type());
    const Tensor small = gamma.abs() < kSmallestPivot;
    const Tensor theta = at::where(small, (1 - wanted) / (1 - gamma), at::ones_like(gamma));
    const Tensor factor = theta / (at::where(small, wanted, gamma) * ss);
    const Tensor trusted = chosen.logical_and(at::isfinite(factor));
    const Tensor u = (s - kq) * factor.to(s.scalar_type()), zero = at::zeros_like(s);
    pairs_.append(at::where(trusted, u, zero), at::where(trusted, v, zero));
  }

  void go_back(const LiveRow& live, const Tensor& y, const Tensor& best) {
    r_[live.slot].copy_(best_r_[live.row]);
    y[live.slot].copy_(best[live.row]);
  }

  Broyden options_;
  Layout layout_;
  Tensor best_r_;  // (B, D), as all that follows in a dtype fit to be summed
  Pairs pairs_;
  Tensor y_prev_, r_prev_, r_;                       // (slots, D)
  std::vector<std::int64_t> points_;                 // [row] points of the row since it was last restarted
  std::vector<std::int64_t> failures_;               // [row] bad steps without a good one between
  std::vector<std::int64_t> used_;                   // [row] columns written since the row last forgot its pairs
  std::vector<std::int64_t> forgetting_, updating_;  // slots
};

}  // namespace

std::unique_ptr<Method> make_broyden(const Broyden& options, const Layout& layout) {
  return std::make_unique<BroydenMethod>(options, layout);
}

}  // namespace fathom::solve
