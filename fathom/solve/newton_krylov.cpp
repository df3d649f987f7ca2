#include "fathom/solve/newton_krylov.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/solve/jacobian.h"
#include "fathom/solve/krylov.h"
#include "fathom/solve/row_tensors.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

constexpr double kDecrease = 1e-4;
constexpr double kShortest = 0.1, kLongest = 0.5;  // of the step before, when it is shortened
constexpr double kForcingKept = 0.1;               // gamma eta^2 above this holds the next eta up
constexpr double kSharper = 0.1, kSharpest = 1e-6;

// Where a row stands in its Newton step.
struct Search {
  bool stepping = false;        // the present point is a trial
  std::int64_t backtracks = 0;  // made along this step
  double lambda = 1, eta = 0;
  double base = 0;       // ||r|| where the step starts
  double tolerance = 0;  // that ||r|| may be there, relative

  bool accepts(double residual) const {
    return residual <= (1 - kDecrease * lambda * (1 - eta)) * base;  // false for NaN
  }
  // ||r||^2 along the step: base^2 with slope -2 base^2 at 0, residual^2 at lambda.
  double shorter(double residual) const {
    const double rise = residual * residual / (base * base) - 1 + 2 * lambda;
    const double lowest = rise > 0 && std::isfinite(rise) ? lambda * lambda / rise : kLongest * lambda;
    return std::clamp(lowest, kShortest * lambda, kLongest * lambda);
  }
};

class NewtonKrylovMethod final : public Method {
 public:
  NewtonKrylovMethod(const NewtonKrylov& options, const Layout& layout)
      : options_(options),
        layout_(layout),
        base_(at::zeros({layout.batch, layout.width()}, layout.options)),
        base_g_(at::zeros_like(base_)),
        step_(at::zeros_like(base_)),
        searches_(layout.batch) {}

  void begin(Evaluation& evaluation, const Stop& stop) override {
    evaluation_ = &evaluation;
    rtol_ = stop.rtol;
  }

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    write_squares(rows, layout_, g - y, g, squares);
    for (const LiveRow& live : rows) searches_[live.row].tolerance = tolerance_of(live.row, squares);
  }

  bool can_roll_back(std::int64_t row) const override {
    return searches_[row].stepping && searches_[row].backtracks < options_.max_backtracks;
  }

  void advance(std::span<LiveRow> rows, const std::vector<double>&, const Tensor& g, const Tensor& y, const Tensor&,
               const Tensor& best) override {
    copy_improved(rows, y, best);
    for (const LiveRow& live : rows) {
      if (live.running) decide(live);
    }
    put(accepted_, y, base_);
    put(accepted_, g, base_g_);
    accepted_.clear();
    if (!solving_.empty()) solve(rows);
    move(rows, y);
  }

  void restart(const LiveRow& live) override { searches_[live.row] = {}; }

  void gather(const Tensor& slots) override {
    base_ = base_.index_select(0, slots);
    base_g_ = base_g_.index_select(0, slots);
    step_ = step_.index_select(0, slots);
  }

 private:
  Tensor index(const std::vector<std::int64_t>& values) const {
    return tensor::from_int64s(values, {static_cast<std::int64_t>(values.size())}).to(layout_.options.device());
  }

  void put(const std::vector<std::int64_t>& slots, const Tensor& from, const Tensor& to) const {
    if (slots.empty()) return;
    const Tensor at = index(slots);
    to.index_copy_(0, at, from.index_select(0, at));
  }

  // rtol ||G(y)|| over ||r||, of all parts together.
  double tolerance_of(std::int64_t row, const std::vector<Squares>& squares) const {
    double residual = 0, value = 0;
    for (std::int64_t part = 0; part < layout_.parts(); ++part) {
      residual += squares[row * layout_.parts() + part].residual;
      value += squares[row * layout_.parts() + part].value;
    }
    return residual > 0 ? rtol_ * std::sqrt(value / residual) : 0;
  }

  // A trial point is accepted, or left for a shorter step, or the step is computed anew.
  void decide(const LiveRow& live) {
    Search& search = searches_[live.row];
    if (!search.stepping || search.accepts(live.residual)) {
      search.eta = forcing(search, live.residual);
      search.base = live.residual;
      accepted_.push_back(live.slot);
    } else if (search.backtracks < options_.max_backtracks) {
      ++search.backtracks;
      search.lambda = search.shorter(live.residual);
      return;
    } else {
      search.eta = std::max(kSharper * search.eta, kSharpest);
    }
    search.stepping = true;
    search.backtracks = 0;
    search.lambda = 1;
    solving_.push_back(live.slot);
  }

  double forcing(const Search& search, double residual) const {
    if (!search.stepping) return options_.forcing_start;
    const double ratio = residual / search.base;
    double eta = options_.forcing * ratio * ratio;
    const double kept = options_.forcing * search.eta * search.eta;
    if (kept > kForcingKept) eta = std::max(eta, kept);
    eta = std::max(eta, 0.5 * search.tolerance);
    return std::clamp(eta, kSharpest, options_.forcing_max);
  }

  // The steps of the rows in solving_. A map that cannot be asked for some of its rows is asked for all.
  void solve(std::span<const LiveRow> rows) {
    std::vector<std::int64_t> row_of(base_.size(0), -1);
    for (const LiveRow& live : rows) row_of[live.slot] = live.row;
    std::vector<std::int64_t> samples;
    for (const std::int64_t slot : solving_) samples.push_back(row_of[slot]);
    const Tensor slots = index(solving_);
    solving_.clear();
    const Tensor g = base_g_.index_select(0, slots), y = base_.index_select(0, slots);
    const Tensor r = widened(g) - widened(y);
    const bool whole_batch = static_cast<std::int64_t>(samples.size()) == layout_.batch;
    if (evaluation_->selective() && !whole_batch)
      step_.index_copy_(0, slots, solve_there(y, g, r, Rows(index(samples)), samples));
    else
      solve_among_all(slots, r, samples);
  }

  // As above with zero right-hand sides for the others, which GMRES leaves alone.
  void solve_among_all(const Tensor& slots, const Tensor& r, const std::vector<std::int64_t>& samples) {
    std::vector<std::int64_t> all(base_.size(0));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    const Tensor rhs = at::zeros({base_.size(0), base_.size(1)}, r.options()).index_copy_(0, slots, r);
    const Tensor step = samples.size() == all.size() ? solve_there(base_, base_g_, r, {}, all)
                                                     : solve_there(base_, base_g_, rhs, {}, all);
    step_.index_copy_(0, slots, step.index_select(0, slots));
  }

  Tensor solve_there(const Tensor& y, const Tensor& g, const Tensor& r, const Rows& rows,
                     const std::vector<std::int64_t>& samples) {
    std::vector<double> eta;
    for (const std::int64_t row : samples) eta.push_back(searches_[row].eta);
    const LinearMap A = one_minus_jacobian(*evaluation_, y, g, rows, options_.jvp);
    const Gmres gmres_options{.max_iter = options_.max_products, .restart = options_.restart, .verify = false};
    const LinearSolution linear = gmres(A, r, gmres_options, {}, eta);
    for (std::size_t i = 0; i < samples.size(); ++i) evaluation_->count_products(samples[i], linear.iterations[i]);
    return at::where(nonfinite(linear), r, linear.x).to(step_.scalar_type());
  }

  // (b, 1): rows where J v was not finite and that take the plain step.
  Tensor nonfinite(const LinearSolution& linear) const {
    std::vector<std::int64_t> flags;
    for (const Status status : linear.status) flags.push_back(status == Status::nonfinite);
    return index(flags).to(at::kBool).unsqueeze(1);
  }

  // y = base + lambda step where running.
  void move(std::span<const LiveRow> rows, const Tensor& y) const {
    std::vector<double> lambda(y.size(0), 0.0);
    for (const LiveRow& live : rows) lambda[live.slot] = searches_[live.row].lambda;
    const Tensor length = tensor::from_doubles(lambda, {y.size(0), 1}, at::kDouble).to(y.options());
    copy_running(rows, base_ + length * step_, y);
  }

  NewtonKrylov options_;
  Layout layout_;
  Tensor base_, base_g_, step_;                   // (slots, D): where the row's step starts, G there, the whole step
  std::vector<Search> searches_;                  // [row]
  std::vector<std::int64_t> accepted_, solving_;  // slots
  Evaluation* evaluation_ = nullptr;
  double rtol_ = 0;
};

}  // namespace

std::unique_ptr<Method> make_newton_krylov(const NewtonKrylov& options, const Layout& layout) {
  return std::make_unique<NewtonKrylovMethod>(options, layout);
}

}  // namespace fathom::solve
