#include "fathom/solve/anderson_vectors.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/kernel/huge_pages.h"
#include "fathom/solve/row_tensors.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

using kernel::AndersonHistory;
using kernel::AndersonProducts;
using kernel::Ring;

// The history stays one row per sample of the full batch: dropping rows moves nothing.
template <class T, class Column>
class AndersonKernels final : public AndersonVectors {
 public:
  AndersonKernels(const Anderson& options, const Layout& layout)
      : layout_(layout),
        memory_(at::empty({History::matrices(options.depth), layout.batch, layout.width()}, layout.options)),
        history_{memory_.data_ptr<T>(), layout.batch, layout.width(), options.depth},
        damping_(static_cast<T>(options.damping)),
        best_is_previous_(layout.batch, 0) {
    kernel::prefer_huge_pages(memory_.data_ptr(), memory_.nbytes());
  }

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g, const Ring& ring,
               const std::vector<std::int64_t>& columns, std::vector<Squares>& squares,
               std::vector<AndersonProducts>& products) override {
    kernel::anderson_measure<T>(rows, layout_.part_start, point(y, g).read(), point(y_prev_, g_prev_).read(), history_,
                                ring, columns.data(), squares.data(), products.data());
  }

  Next next() const override { return Next::beside_y; }

  void mix(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g, const Ring& ring,
           const std::vector<double>& weights, const Tensor& next, const Tensor& best) override {
    kernel::anderson_mix<T>(rows, point(y, g), point(y_prev_, g_prev_).read(), history_, ring, weights.data(), damping_,
                            next.data_ptr<T>(), best.data_ptr<T>(), best_is_previous_.data());
    y_ = y;
    g_ = g;
  }

  void start_iteration() override {
    y_prev_ = y_;
    g_prev_ = g_;
  }

  void gather(const Tensor& slots) override {
    if (!y_.defined()) return;
    y_ = y_.index_select(0, slots);
    g_ = g_.index_select(0, slots);
  }

  void restart(const LiveRow& live) override { best_is_previous_[live.row] = 0; }

  // As many rows as leave what both passes touch (y, g, the point before and the newest columns) in the cache.
  std::int64_t rows_at_a_time() const override {
    constexpr std::int64_t kCache = 1 << 19, kShared = 6;
    const std::int64_t row = kShared * layout_.width() * static_cast<std::int64_t>(sizeof(T));
    return std::max<std::int64_t>(kCache / std::max<std::int64_t>(row, 1), 1) * at::get_num_threads();
  }

 private:
  using History = AndersonHistory<T, Column>;

  static kernel::Point<T> point(const Tensor& y, const Tensor& g) {
    return y.defined() ? kernel::Point<T>{y.data_ptr<T>(), g.data_ptr<T>()} : kernel::Point<T>{};
  }

  Layout layout_;
  Tensor y_, g_, y_prev_, g_prev_;  // (slots, D): the last two points, wherever they were computed
  Tensor memory_;
  History history_;
  T damping_;
  std::vector<std::uint8_t> best_is_previous_;  // [row], see anderson_mix
};

// One row of each matrix per slot; columns not in use are zero, so that a weight of 0 times them is
// 0.
class AndersonTensors final : public AndersonVectors {
 public:
  AndersonTensors(const Anderson& options, const Layout& layout)
      : layout_(layout),
        depth_(options.depth),
        damping_(options.damping),
        dr_(at::zeros({options.depth, layout.batch, layout.width()},
                      options.history == "bf16" ? layout.options.dtype(at::kBFloat16) : layout.options)),
        dg_(at::zeros_like(dr_)),
        best_g_(at::zeros({layout.batch, layout.width()}, layout.options)) {}

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g, const Ring& ring,
               const std::vector<std::int64_t>& columns, std::vector<Squares>& squares,
               std::vector<AndersonProducts>& products) override {
    const Tensor r = g - y;
    write_squares(rows, layout_, r, g, squares);
    if (ring.newest >= 0) {
      dr_[ring.newest].copy_(r - r_prev_);
      dg_[ring.newest].copy_(g - g_prev_);
      write_products(rows, r, ring, columns, products);
    }
    r_prev_ = r;
    g_prev_ = g;
  }

  void mix(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g, const Ring& ring,
           const std::vector<double>& weights, const Tensor&, const Tensor& best) override {
    copy_improved(rows, y, best);
    copy_improved(rows, g, best_g_);
    const std::vector<Tensor> weight = by_column(rows, ring, weights, y);
    Tensor next = minus_columns(g, weight, dg_);
    if (damping_ != 1) next = next - (1 - damping_) * minus_columns(r_prev_, weight, dr_);
    copy_running(rows, next, y);
    for (const LiveRow& live : rows) {
      if (live.running && live.roll_back) roll_back(live, y, best);
    }
  }

  // Also the previous point: its difference to the next is a column, and 0 times what is not finite is not 0.
  void restart(const LiveRow& live) override {
    if (!r_prev_.defined()) return;
    r_prev_[live.slot].zero_();
    g_prev_[live.slot].zero_();
    dr_.select(1, live.slot).zero_();
    dg_.select(1, live.slot).zero_();
  }

  void gather(const Tensor& slots) override {
    dr_ = dr_.index_select(1, slots);
    dg_ = dg_.index_select(1, slots);
    if (!r_prev_.defined()) return;
    r_prev_ = r_prev_.index_select(0, slots);
    g_prev_ = g_prev_.index_select(0, slots);
  }

 private:
  void write_products(std::span<const LiveRow> rows, const Tensor& r, const Ring& ring,
                      const std::vector<std::int64_t>& columns, std::vector<AndersonProducts>& products) const {
    const Tensor newest = widened(dr_[ring.newest]), wide_r = widened(r);
    std::vector<Tensor> sums;
    for (std::int64_t age = 0; age < depth_; ++age) {
      const Tensor column = widened(dr_[ring.column(age)]);
      sums.push_back(row_dots(column, newest));
      sums.push_back(row_dots(column, wide_r));
    }
    const Tensor host = at::stack(sums, 1).to(at::kCPU).contiguous();  // (slots, 2 depth)
    for (const LiveRow& live : rows) {
      const double* pairs = host.data_ptr<double>() + 2 * depth_ * live.slot;
      for (std::int64_t age = 0; age < columns[live.row]; ++age) {
        products[live.row].gram[age] = pairs[2 * age];
        products[live.row].rhs[age] = pairs[2 * age + 1];
      }
    }
  }

  // Per column, (slots, 1).
  std::vector<Tensor> by_column(std::span<const LiveRow> rows, const Ring& ring, const std::vector<double>& weights,
                                const Tensor& y) const {
    const std::int64_t slots = y.size(0);
    std::vector<double> values(depth_ * slots, 0.0);
    for (const LiveRow& live : rows) {
      for (std::int64_t age = 0; age < depth_; ++age) {
        values[ring.column(age) * slots + live.slot] = weights[live.row * depth_ + age];
      }
    }
    const Tensor all = tensor::from_doubles(values, {depth_, slots, 1}, widened(y.narrow(0, 0, 0)).scalar_type());
    return all.to(y.device()).unbind(0);
  }

  static Tensor minus_columns(const Tensor& start, const std::vector<Tensor>& weight, const Tensor& columns) {
    Tensor sum = widened(start);
    for (std::size_t c = 0; c < weight.size(); ++c) sum = sum - weight[c] * columns[static_cast<std::int64_t>(c)];
    return sum.to(start.scalar_type());
  }

  void roll_back(const LiveRow& live, const Tensor& y, const Tensor& best) {
    const Tensor g = best_g_[live.row], start = best[live.row];
    r_prev_[live.slot].copy_(g - start);
    g_prev_[live.slot].copy_(g);
    y[live.slot].copy_(start + damping_ * (g - start));
    dr_.select(1, live.slot).zero_();
    dg_.select(1, live.slot).zero_();
  }

  Layout layout_;
  std::int64_t depth_;
  double damping_;
  Tensor dr_, dg_;          // (depth, slots, D)
  Tensor r_prev_, g_prev_;  // (slots, D)
  Tensor best_g_;           // (B, D)
};

template <class T>
std::unique_ptr<AndersonVectors> make_kernels(const Anderson& options, const Layout& layout) {
  if (options.history == "bf16") return std::make_unique<AndersonKernels<T, kernel::Bfloat16>>(options, layout);
  return std::make_unique<AndersonKernels<T, T>>(options, layout);
}

}  // namespace

std::unique_ptr<AndersonVectors> make_anderson_vectors(const Anderson& options, const Layout& layout,
                                                       Arithmetic arithmetic) {
  if (!has_kernels(layout, arithmetic)) return std::make_unique<AndersonTensors>(options, layout);
  return layout.options.dtype() == at::kFloat ? make_kernels<float>(options, layout)
                                              : make_kernels<double>(options, layout);
}

}  // namespace fathom::solve
