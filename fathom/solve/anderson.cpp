#include "fathom/solve/anderson.h"

#include <algorithm>

#include "fathom/solve/anderson_type_one.h"
#include "fathom/solve/anderson_vectors.h"

namespace fathom::solve {

namespace {

class AndersonMethod final : public Method {
 public:
  AndersonMethod(const Anderson& options, const Layout& layout, Arithmetic arithmetic)
      : options_(options),
        vectors_(make_anderson_vectors(options, layout, arithmetic)),
        ring_{-1, options.depth},
        age_(layout.batch, 0),
        columns_(layout.batch, 0),
        mixed_(layout.batch, false),
        gram_(layout.batch * options.depth * options.depth),
        weights_(layout.batch * options.depth),
        products_(layout.batch) {}

  void start_iteration() override {
    vectors_->start_iteration();
    if (++points_ > 1) ring_.newest = (points_ - 2) % options_.depth;
    for (std::int64_t age = 0; age < options_.depth; ++age) column_[age] = ring_.column(age);
  }

  std::int64_t rows_at_a_time() const override { return vectors_->rows_at_a_time(); }

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    for (const LiveRow& live : rows) ++age_[live.row];
    if (points_ > 1) {
      for (const LiveRow& live : rows) columns_[live.row] = std::min(columns_[live.row] + 1, options_.depth);
    }
    vectors_->measure(rows, y, g, ring_, columns_, squares, products_);
    for (const LiveRow& live : rows) extend_gram(live.row);
  }

  bool can_roll_back(std::int64_t row) const override { return mixed_[row]; }

  Next next() const override { return vectors_->next(); }

  void advance(std::span<LiveRow> rows, const std::vector<double>& best_residual, const Tensor& g, const Tensor& y,
               const Tensor& next, const Tensor& best) override {
    for (LiveRow& live : rows) {
      if (live.running) choose_step(live, best_residual[live.row]);
    }
    solve_waiting();
    vectors_->mix(rows, y, g, ring_, weights_, next, best);
  }

  // The next point has no column: the difference to the point before is written and never read.
  void restart(const LiveRow& live) override {
    columns_[live.row] = points_ > 0 ? -1 : 0;
    age_[live.row] = 0;
    mixed_[live.row] = false;
    vectors_->restart(live);
  }

  void gather(const Tensor& slots) override { vectors_->gather(slots); }

 private:
  double* gram(std::int64_t row, std::int64_t column) {
    return gram_.data() + (row * options_.depth + column) * options_.depth;
  }

  void extend_gram(std::int64_t row) {
    double* const newest = gram(row, ring_.newest);
    for (std::int64_t age = 0; age < columns_[row]; ++age) {
      newest[column_[age]] = gram(row, column_[age])[ring_.newest] = products_[row].gram[age];
    }
  }

  void choose_step(LiveRow& live, double best_residual) {
    const std::int64_t row = live.row;
    std::fill_n(weights_.data() + row * options_.depth, options_.depth, 0.0);
    live.roll_back = mixed_[row] && !(live.residual <= options_.safeguard * best_residual);
    if (live.roll_back) columns_[row] = 0;
    mixed_[row] = false;
    if (!live.roll_back && age_[row] > options_.delay && columns_[row] > 0) wait(row);
  }

  // Rows with as many columns are solved together, a lane each.
  void wait(std::int64_t row) {
    if (waiting_ == kernel::GramBatch::kRows || (waiting_ > 0 && batch_.count != columns_[row])) solve_waiting();
    const int lane = waiting_++;
    waiting_rows_[lane] = row;
    batch_.count = columns_[row];
    for (std::int64_t i = 0; i < batch_.count; ++i) {
      const double* const products = gram(row, column_[i]);
      for (std::int64_t j = 0; j <= i; ++j) batch_.at(i, j, lane) = products[column_[j]];
      batch_.rhs[i][lane] = products_[row].rhs[i];
    }
  }

  // Fills the weights by age of the rows that wait; leaves them at 0 where they cannot be trusted.
  void solve_waiting() {
    if (waiting_ == 0) return;
    double gamma[kernel::kMaxDepth][kernel::GramBatch::kRows];
    const std::uint32_t finite = kernel::anderson_weights(batch_, waiting_, options_.ridge, gamma);
    for (int lane = 0; lane < waiting_; ++lane) {
      double square = 0;
      for (std::int64_t i = 0; i < batch_.count; ++i) square += gamma[i][lane] * gamma[i][lane];
      const std::int64_t row = waiting_rows_[lane];
      mixed_[row] = (finite >> lane & 1) != 0 && square > 0 && square <= options_.max_weight * options_.max_weight;
      if (!mixed_[row]) continue;
      for (std::int64_t i = 0; i < batch_.count; ++i) weights_[row * options_.depth + i] = gamma[i][lane];
    }
    waiting_ = 0;
  }

  Anderson options_;
  std::unique_ptr<AndersonVectors> vectors_;
  kernel::Ring ring_;                            // the same for all rows; how much of it a row uses differs
  std::int64_t column_[kernel::kMaxDepth] = {};  // [age] of the ring
  std::int64_t points_ = 0;                      // measured so far, the present one included
  std::vector<std::int64_t> age_;                // [row] points of the row itself, since it was last restarted
  std::vector<std::int64_t> columns_;            // [row]
  std::vector<bool> mixed_;                      // [row] the step to the present point used columns
  std::vector<double> gram_;                     // [row][ring column][ring column]
  std::vector<double> weights_;                  // [row][age]
  std::vector<kernel::AndersonProducts> products_;
  kernel::GramBatch batch_{};
  std::int64_t waiting_rows_[kernel::GramBatch::kRows];
  int waiting_ = 0;  // lanes of batch_ in use
};

}  // namespace

std::unique_ptr<Method> make_anderson(const Anderson& options, const Layout& layout, Arithmetic arithmetic) {
  if (options.type == 1) return make_anderson_type_one(options, layout);
  return std::make_unique<AndersonMethod>(options, layout, arithmetic);
}

}  // namespace fathom::solve
