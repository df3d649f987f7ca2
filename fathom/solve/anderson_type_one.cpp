#include "fathom/solve/anderson_type_one.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/solve/row_tensors.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

constexpr double kSmallestPivot = 1e-12;
constexpr std::int64_t kFailures = 3;  // bad steps in a row from which a row still learns

// <column_i, x> in double, (slots, m, D) x (slots, D) -> (slots, m).
Tensor column_dots(const Tensor& columns, const Tensor& x) {
  if (x.scalar_type() == at::kDouble) return at::bmm(columns, x.unsqueeze(2)).squeeze(2);
  return (columns * x.unsqueeze(1)).sum(2, false, at::kDouble);
}

class AndersonTypeOne final : public Method {
 public:
  AndersonTypeOne(const Anderson& options, const Layout& layout)
      : options_(options),
        layout_(layout),
        depth_(options.depth),
        best_r_(widened(at::zeros({layout.batch, layout.width()}, layout.options))),
        y_prev_(at::zeros_like(best_r_)),
        r_prev_(at::zeros_like(best_r_)),
        dy_(at::zeros({layout.batch, depth_, layout.width()}, best_r_.options())),
        dr_(at::zeros_like(dy_)),
        age_(layout.batch, 0),
        columns_(layout.batch, 0),
        failures_(layout.batch, 0),
        mixed_(layout.batch, false),
        cross_(layout.batch * depth_ * depth_),
        weights_(layout.batch * depth_) {}

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    r_ = widened(g) - widened(y);
    write_squares(rows, layout_, r_, g, squares);
  }

  bool can_roll_back(std::int64_t row) const override { return mixed_[row]; }

  void advance(std::span<LiveRow> rows, const std::vector<double>& best_residual, const Tensor&, const Tensor& y,
               const Tensor&, const Tensor& best) override {
    copy_improved(rows, y, best);
    copy_improved(rows, r_, best_r_);
    for (LiveRow& live : rows) look_back(live, best_residual[live.row]);
    append(rows, y);
    for (const LiveRow& live : rows) {
      if (live.running && live.roll_back) go_back(live, y, best);
    }
    if (newest_ >= 0) write_products(rows);
    for (const LiveRow& live : rows) {
      if (live.running) choose_step(live);
    }
    y_prev_.copy_(y);
    r_prev_.copy_(r_);
    copy_running(rows, mixed(rows).to(y.scalar_type()), y);
  }

  // The next point makes no column: the difference to the point before is written as zero.
  void restart(const LiveRow& live) override {
    age_[live.row] = columns_[live.row] = failures_[live.row] = 0;
    mixed_[live.row] = false;
    clear(live.slot);
  }

  void gather(const Tensor& slots) override {
    for (Tensor* of_slots : {&y_prev_, &r_prev_, &dy_, &dr_}) *of_slots = of_slots->index_select(0, slots);
  }

 private:
  double& cross(std::int64_t row, std::int64_t i, std::int64_t j) { return cross_[(row * depth_ + i) * depth_ + j]; }

  void clear(std::int64_t slot) const {
    dy_[slot].zero_();
    dr_[slot].zero_();
  }

  // The newest differences, and their products with the columns of every row.
  void append(std::span<const LiveRow> rows, const Tensor& y) {
    if (++points_ > 1) newest_ = (points_ - 2) % depth_;
    std::vector<std::int64_t> with_column, slots_without;
    for (const LiveRow& live : rows) {
      if (++age_[live.row] > 1)
        columns_[live.row] = std::min(columns_[live.row] + 1, depth_);
      else
        slots_without.push_back(live.slot);
    }
    if (newest_ < 0) return;
    dy_.select(1, newest_).copy_(widened(y) - y_prev_);
    dr_.select(1, newest_).copy_(r_ - r_prev_);
    for (const std::int64_t slot : slots_without) clear(slot);
  }

  void write_products(std::span<const LiveRow> rows) {
    const Tensor dy = dy_.select(1, newest_), dr = dr_.select(1, newest_);
    const Tensor sizes = at::stack({row_dots(dy, dy), row_dots(dr, dr)}, 1);
    const Tensor all = at::cat({column_dots(dr_, dy), column_dots(dy_, dr), column_dots(dy_, r_), sizes}, 1);
    products_ = tensor::to_doubles(all);
    stride_ = 3 * depth_ + 2;
    sizes_.resize(layout_.batch * 2 * depth_);
    for (const LiveRow& live : rows) {
      const double* own = products_.data() + live.slot * stride_;
      for (std::int64_t c = 0; c < depth_; ++c) {
        cross(live.row, newest_, c) = own[c];
        cross(live.row, c, newest_) = own[depth_ + c];
      }
      double* size = sizes_.data() + live.row * 2 * depth_;
      size[newest_] = std::sqrt(own[3 * depth_]);
      size[depth_ + newest_] = std::sqrt(own[3 * depth_ + 1]);
    }
  }

  // Whether the step to the present point was bad, and whether the row goes on without its columns.
  void look_back(LiveRow& live, double best_residual) {
    const std::int64_t row = live.row;
    live.roll_back = mixed_[row] && !(live.residual <= options_.safeguard * best_residual);
    failures_[row] = live.roll_back ? failures_[row] + 1 : 0;
    if (live.roll_back && !std::isfinite(live.residual)) failures_[row] = kFailures + 1;
  }

  void choose_step(const LiveRow& live) {
    double* weights = weights_.data() + live.row * depth_;
    std::fill_n(weights, depth_, 0.0);
    mixed_[live.row] = age_[live.row] > options_.delay && columns_[live.row] > 0 && mix(live, weights);
  }

  // As AndersonMethod::mix.
  bool mix(const LiveRow& live, double* weights) {
    const std::int64_t count = columns_[live.row];
    std::vector<std::int64_t> ring(count);
    for (std::int64_t age = 0; age < count; ++age) ring[age] = (newest_ - age + depth_) % depth_;
    std::vector<double> matrix, rhs, row_size, column_size, gamma;
    const double* size = sizes_.data() + live.row * 2 * depth_;
    for (const std::int64_t i : ring) {
      for (const std::int64_t j : ring) matrix.push_back(cross(live.row, i, j));
      rhs.push_back(products_[live.slot * stride_ + 2 * depth_ + i]);
      row_size.push_back(size[i]);
      column_size.push_back(size[depth_ + i]);
    }
    const double smallest = std::max(options_.ridge, kSmallestPivot);
    if (!pivoted_weights(std::move(matrix), std::move(rhs), row_size, column_size, smallest, gamma)) return false;
    const double norm = std::sqrt(std::inner_product(gamma.begin(), gamma.end(), gamma.begin(), 0.0));
    if (!(norm <= options_.max_weight)) return false;
    for (std::int64_t age = 0; age < count; ++age) weights[ring[age]] = gamma[age];
    return norm > 0;
  }

  void go_back(const LiveRow& live, const Tensor& y, const Tensor& best) {
    y[live.slot].copy_(best[live.row]);
    r_[live.slot].copy_(best_r_[live.row]);
    if (failures_[live.row] <= kFailures) return;
    failures_[live.row] = columns_[live.row] = 0;
    clear(live.slot);
  }

  // y - DY gamma + beta (r - DR gamma) at the point in y_prev_, r_prev_.
  Tensor mixed(std::span<const LiveRow> rows) const {
    const std::int64_t slots = y_prev_.size(0);
    std::vector<double> values(slots * depth_, 0.0);
    for (const LiveRow& live : rows) {
      std::copy_n(weights_.data() + live.row * depth_, depth_, values.data() + live.slot * depth_);
    }
    const Tensor gamma = tensor::from_doubles(values, {slots, 1, depth_}, at::kDouble).to(y_prev_.options());
    const Tensor y = y_prev_ - at::bmm(gamma, dy_).squeeze(1);
    return y + options_.damping * (r_prev_ - at::bmm(gamma, dr_).squeeze(1));
  }

  Anderson options_;
  Layout layout_;
  std::int64_t depth_;
  Tensor best_r_;                       // (B, D)
  Tensor y_prev_, r_prev_, r_;          // (slots, D)
  Tensor dy_, dr_;                      // (slots, depth, D); columns a row does not use are zero
  std::int64_t points_ = 0;             // advanced from so far
  std::int64_t newest_ = -1;            // the ring column last written, the same for all rows
  std::vector<std::int64_t> age_;       // [row] points since the row was last restarted
  std::vector<std::int64_t> columns_;   // [row] in use
  std::vector<std::int64_t> failures_;  // [row] bad steps without a good one between
  std::vector<bool> mixed_;             // [row] the step to the present point used columns
  std::vector<double> cross_;           // [row][ring i][ring j] <dy_i, dr_j>
  std::vector<double> sizes_;           // [row][2][ring] ||dy_i||, ||dr_i||
  std::vector<double> weights_;         // [row][ring]
  std::vector<double> products_;        // [slot][stride] of the newest columns
  std::int64_t stride_ = 0;
};

}  // namespace

bool pivoted_weights(std::vector<double> matrix, std::vector<double> rhs, const std::vector<double>& row_size,
                     const std::vector<double>& column_size, double smallest, std::vector<double>& gamma) {
  const std::size_t n = rhs.size();
  const auto at = [&](std::size_t i, std::size_t j) -> double& { return matrix[i * n + j]; };
  const auto inverse = [](double size) { return size > 0 ? 1 / size : 0; };
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) at(i, j) *= inverse(row_size[i]) * inverse(column_size[j]);
    rhs[i] *= inverse(row_size[i]);
  }
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(matrix.begin(), matrix.end(), finite) || !std::all_of(rhs.begin(), rhs.end(), finite)) return false;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::size_t rank = 0;
  for (; rank < n; ++rank) {
    std::size_t row = rank, column = rank;
    for (std::size_t i = rank; i < n; ++i) {
      for (std::size_t j = rank; j < n; ++j) {
        if (std::abs(at(i, j)) > std::abs(at(row, column))) std::tie(row, column) = std::pair(i, j);
      }
    }
    if (!(std::abs(at(row, column)) > smallest)) break;
    for (std::size_t j = 0; j < n; ++j) std::swap(at(rank, j), at(row, j));
    std::swap(rhs[rank], rhs[row]);
    for (std::size_t i = 0; i < n; ++i) std::swap(at(i, rank), at(i, column));
    std::swap(order[rank], order[column]);
    for (std::size_t i = rank + 1; i < n; ++i) {
      const double factor = at(i, rank) / at(rank, rank);
      for (std::size_t j = rank; j < n; ++j) at(i, j) -= factor * at(rank, j);
      rhs[i] -= factor * rhs[rank];
    }
  }
  gamma.assign(n, 0.0);
  for (std::size_t i = rank; i-- > 0;) {
    double value = rhs[i];
    for (std::size_t j = i + 1; j < rank; ++j) value -= at(i, j) * gamma[order[j]];
    gamma[order[i]] = value / at(i, i);
  }
  for (std::size_t i = 0; i < n; ++i) gamma[i] *= inverse(column_size[i]);
  return std::all_of(gamma.begin(), gamma.end(), finite);
}

std::unique_ptr<Method> make_anderson_type_one(const Anderson& options, const Layout& layout) {
  return std::make_unique<AndersonTypeOne>(options, layout);
}

}  // namespace fathom::solve
