#include "fathom/solve/krylov.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"
#include "fathom/solve/krylov_basis.h"
#include "fathom/solve/validate.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

constexpr double kBreakdown =
    1e-14;  // smaller than this against A is rounding: the Krylov space is exhausted, or A singular on it

// Column b of a (B, 1) tensor like `like`.
Tensor column(const std::vector<double>& values, const Tensor& like) {
  return tensor::from_doubles(values, {static_cast<std::int64_t>(values.size()), 1}, at::kDouble).to(like.options());
}

// The least-squares problem min ||beta e1 - H y|| of one row, kept triangular by Givens rotations.
class Triangle {
 public:
  Triangle(double beta) : rhs_{beta} {}  // NOLINT(google-explicit-constructor): a list of norms is a list of problems

  std::size_t columns() const { return columns_.size(); }
  double residual() const { return std::abs(rhs_.back()); }

  // Appends column h_0..h_j, h_{j+1}.
  void append(std::vector<double> h) {
    const std::size_t j = columns_.size();
    for (const double entry : h) largest_ = std::max(largest_, std::abs(entry));
    for (std::size_t i = 0; i < j; ++i) rotate(h[i], h[i + 1], cos_[i], sin_[i]);
    const double length = std::hypot(h[j], h[j + 1]);
    cos_.push_back(length > 0 ? h[j] / length : 1);
    sin_.push_back(length > 0 ? h[j + 1] / length : 0);
    rhs_.push_back(0);
    rotate(h[j], h[j + 1], cos_[j], sin_[j]);
    rotate(rhs_[j], rhs_[j + 1], cos_[j], sin_[j]);
    columns_.push_back(std::move(h));
  }

  // y by back substitution; a pivot that is rounding (A singular on the space) leaves its direction out.
  std::vector<double> solve() const {
    std::vector<double> y(rhs_.begin(), rhs_.end() - 1);
    for (std::size_t j = y.size(); j-- > 0;) {
      const double pivot = columns_[j][j];
      y[j] = std::abs(pivot) > kBreakdown * largest_ ? y[j] / pivot : 0;
      for (std::size_t i = 0; i < j; ++i) y[i] -= columns_[j][i] * y[j];
    }
    return y;
  }

 private:
  static void rotate(double& a, double& b, double c, double s) {
    const double first = c * a + s * b;
    b = c * b - s * a;
    a = first;
  }

  std::vector<std::vector<double>> columns_;
  std::vector<double> rhs_, cos_, sin_;
  double largest_ = 0;
};

class Solver {
 public:
  // Rows are scaled by ||b|| so that nothing inside depends on the size of b.
  Solver(const LinearMap& A, const Tensor& b, const Gmres& options, const Tensor& x0, std::vector<double> rtol)
      : A_(A), options_(options), rtol_(std::move(rtol)), norms_(row_norms(b)), batch_(b.size(0)) {
    if (rtol_.empty()) rtol_.assign(batch_, options.rtol);
    for (double& norm : norms_) norm = norm > 0 && std::isfinite(norm) ? norm : 1;
    b_ = b / column(norms_, b);
    x_ = x0.defined() ? x0 / column(norms_, b) : at::zeros_like(b_);
    out_.status.assign(batch_, Status::running);
    out_.iterations.assign(batch_, 0);
    out_.relative_residual.assign(batch_, std::numeric_limits<double>::quiet_NaN());
    out_.calls = 0;
    const std::int64_t m = std::min(options.restart, options.max_iter);
    basis_ = at::empty({batch_, m + 1, b.size(1)}, b.options());
    started_at_zero_ = !x0.defined();
  }

  LinearSolution run() {
    begin_cycle();
    while (any_running()) {
      expand();
      update();
      if (!options_.verify) trust();
      begin_cycle();
    }
    out_.x = x_ * column(norms_, x_);
    return std::move(out_);
  }

 private:
  bool running(std::size_t row) const { return out_.status[row] == Status::running; }
  bool any_running() const {
    return std::find(out_.status.begin(), out_.status.end(), Status::running) != out_.status.end();
  }

  Tensor apply(const Tensor& v) {
    ++out_.calls;
    Tensor product = A_(v);
    if (product.sizes() != v.sizes()) {
      base::fail("solve::gmres", "A returned shape {} for {}; it must keep the shape", fmt::streamed(product.sizes()),
                 fmt::streamed(v.sizes()));
    }
    return product;
  }

  // r = b - A x of the running rows: who is done, and the first basis vector of the others.
  void begin_cycle() {
    if (!any_running()) return;
    const Tensor r = started_at_zero_ ? b_ : b_ - apply(x_);
    started_at_zero_ = false;
    const std::vector<double> now = row_norms(r);
    for (std::size_t row = 0; row < now.size(); ++row) {
      if (running(row)) judge(row, now[row]);
    }
    open_.assign(batch_, 0);
    for (std::size_t row = 0; row < now.size(); ++row) open_[row] = running(row);
    scale_into(0, r, now);
    triangles_.assign(now.begin(), now.end());
  }

  void judge(std::size_t row, double residual) {
    double& known = out_.relative_residual[row];
    Status& status = out_.status[row];
    const double before = known;
    if (std::isfinite(residual)) known = residual;
    if (!std::isfinite(residual))
      status = Status::nonfinite;
    else if (residual <= rtol_[row])
      status = Status::converged;
    else if (residual > 0.99 * before)
      status = Status::stagnated;  // false at the first cycle: before is NaN
    else if (out_.iterations[row] >= options_.max_iter)
      status = Status::max_iter;
  }

  // basis[:, j] = v / norm for the open rows, 0 for the others.
  void scale_into(std::int64_t j, const Tensor& v, const std::vector<double>& norms) {
    write_unit_rows(v, norms, open_, basis_.select(1, j));
  }

  // Grows the basis until every row's estimate passes, its space is exhausted or its products are used.
  void expand() {
    const std::int64_t m = basis_.size(1) - 1;
    for (std::int64_t j = 0; j < m && std::find(open_.begin(), open_.end(), 1) != open_.end(); ++j) {
      Tensor w = apply(basis_.select(1, j));
      const std::vector<double> length = row_norms(w);
      const std::vector<double> h = orthogonalise(w, basis_.narrow(1, 0, j + 1));
      const std::vector<double> left = row_norms(w);
      for (std::size_t row = 0; row < open_.size(); ++row) {
        if (open_[row]) append(row, h.data() + row * (j + 1), j + 1, left[row], length[row]);
      }
      scale_into(j + 1, w, left);
    }
  }

  void append(std::size_t row, const double* h, std::int64_t count, double left, double length) {
    ++out_.iterations[row];
    if (!std::isfinite(length) || !std::isfinite(left)) {
      out_.status[row] = Status::nonfinite;
      triangles_[row] = Triangle(0);  // x stays where this cycle began, where its residual is known
      open_[row] = 0;
      return;
    }
    const bool exhausted = left <= kBreakdown * length;
    std::vector<double> column_h(h, h + count);
    column_h.push_back(exhausted ? 0 : left);
    triangles_[row].append(std::move(column_h));
    const bool passes = triangles_[row].residual() <= rtol_[row];
    if (passes || exhausted || out_.iterations[row] >= options_.max_iter) open_[row] = 0;
  }

  // The rows whose estimate passes are done.
  void trust() {
    for (std::int64_t row = 0; row < batch_; ++row) {
      if (!running(row) || triangles_[row].residual() > rtol_[row]) continue;
      out_.status[row] = Status::converged;
      out_.relative_residual[row] = triangles_[row].residual();
    }
  }

  // x += V y, with the vectors that this cycle wrote.
  void update() {
    std::size_t used = 0;
    for (const Triangle& triangle : triangles_) used = std::max(used, triangle.columns());
    if (used == 0) return;
    std::vector<double> all(batch_ * used, 0.0);
    for (std::int64_t row = 0; row < batch_; ++row) {
      const std::vector<double> y = triangles_[row].solve();
      std::copy(y.begin(), y.end(), all.begin() + row * used);
    }
    add_combination(basis_.narrow(1, 0, static_cast<std::int64_t>(used)), all, x_);
  }

  const LinearMap& A_;
  Gmres options_;
  std::vector<double> rtol_;  // [B]
  std::vector<double> norms_;
  std::int64_t batch_;
  Tensor b_, x_, basis_;
  bool started_at_zero_ = true;
  std::vector<Triangle> triangles_;
  std::vector<char> open_;  // rows whose basis still grows in this cycle
  LinearSolution out_;
};

}  // namespace

LinearSolution gmres(const LinearMap& A, const Tensor& b, const Gmres& options, const Tensor& x0,
                     const std::vector<double>& row_rtol) {
  if (!b.defined() || b.dim() != 2 || !at::isFloatingType(b.scalar_type())) {
    base::fail("solve::gmres", "b must be a floating matrix (B, D), one right-hand side a row");
  }
  if (!row_rtol.empty() && static_cast<std::int64_t>(row_rtol.size()) != b.size(0)) {
    base::fail("solve::gmres", "row_rtol has {} tolerances for {} rows", row_rtol.size(), b.size(0));
  }
  validate(options);
  const at::NoGradGuard no_grad;
  return Solver(A, b, options, x0.defined() ? x0.detach() : x0, row_rtol).run();
}

}  // namespace fathom::solve
