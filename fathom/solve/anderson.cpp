#include "fathom/solve/anderson.h"

#include <algorithm>
#include <cmath>
#include <numeric>

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
    if (++points_ > 1) ring_.newest = (points_ - 2) % options_.depth;
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

  void advance(std::span<LiveRow> rows, const std::vector<double>& best_residual, const Tensor& g, const Tensor& y,
               const Tensor& best) override {
    for (LiveRow& live : rows) {
      if (live.running) choose_step(live, best_residual[live.row]);
    }
    vectors_->mix(rows, g, ring_, weights_, y, best);
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
  double& gram(std::int64_t row, std::int64_t i, std::int64_t j) {
    return gram_[(row * options_.depth + i) * options_.depth + j];
  }

  void extend_gram(std::int64_t row) {
    for (std::int64_t age = 0; age < columns_[row]; ++age) {
      const std::int64_t column = ring_.column(age);
      gram(row, ring_.newest, column) = gram(row, column, ring_.newest) = products_[row].gram[age];
    }
  }

  void choose_step(LiveRow& live, double best_residual) {
    double* weights = weights_.data() + live.row * options_.depth;
    std::fill_n(weights, options_.depth, 0.0);
    live.roll_back = mixed_[live.row] && !(live.residual <= options_.safeguard * best_residual);
    if (live.roll_back) columns_[live.row] = 0;
    mixed_[live.row] =
        !live.roll_back && age_[live.row] > options_.delay && columns_[live.row] > 0 && mix(live.row, weights);
  }

  // Fills the weights by age; leaves them at 0 and returns false where they cannot be trusted.
  bool mix(std::int64_t row, double* weights) {
    const std::int64_t count = columns_[row];
    double by_age[kernel::kMaxDepth * kernel::kMaxDepth], gamma[kernel::kMaxDepth];
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) by_age[i * count + j] = gram(row, ring_.column(i), ring_.column(j));
    }
    if (!kernel::anderson_weights(by_age, products_[row].rhs, count, options_.ridge, gamma)) return false;
    const double norm = std::sqrt(std::inner_product(gamma, gamma + count, gamma, 0.0));
    if (!(norm <= options_.max_weight)) return false;
    std::copy_n(gamma, count, weights);
    return norm > 0;
  }

  Anderson options_;
  std::unique_ptr<AndersonVectors> vectors_;
  kernel::Ring ring_;                  // the same for all rows; how much of it a row uses differs
  std::int64_t points_ = 0;            // measured so far, the present one included
  std::vector<std::int64_t> age_;      // [row] points of the row itself, since it was last restarted
  std::vector<std::int64_t> columns_;  // [row]
  std::vector<bool> mixed_;            // [row] the step to the present point used columns
  std::vector<double> gram_;           // [row][ring column][ring column]
  std::vector<double> weights_;        // [row][age]
  std::vector<kernel::AndersonProducts> products_;
};

}  // namespace

std::unique_ptr<Method> make_anderson(const Anderson& options, const Layout& layout, Arithmetic arithmetic) {
  if (options.type == 1) return make_anderson_type_one(options, layout);
  return std::make_unique<AndersonMethod>(options, layout, arithmetic);
}

}  // namespace fathom::solve
