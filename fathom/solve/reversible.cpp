#include "fathom/solve/reversible.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/solve/krylov_basis.h"
#include "fathom/solve/row_tensors.h"
#include "fathom/solve/validate.h"

namespace fathom::solve {

namespace {

class ReversibleMethod final : public Method {
 public:
  ReversibleMethod(const Reversible& options, const Layout& layout)
      : damping_(options.damping), layout_(layout), starting_(layout.batch, false) {}

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    if (!before_.defined()) before_ = y.clone();
    write_squares(rows, layout_, g - y, g, squares);
  }

  void advance(std::span<LiveRow> rows, const std::vector<double>&, const Tensor& g, const Tensor& y, const Tensor&,
               const Tensor& best) override {
    copy_improved(rows, y, best);
    for (const LiveRow& live : rows) {
      if (starting_[live.row]) before_[live.slot].copy_(y[live.slot]);
      starting_[live.row] = false;
    }
    const Tensor next = (1 - damping_) * before_ + damping_ * g;
    before_ = y.clone();
    copy_running(rows, next, y);
  }

  void restart(const LiveRow& live) override { starting_[live.row] = true; }

  void gather(const Tensor& slots) override { before_ = before_.index_select(0, slots); }

 private:
  double damping_;
  Layout layout_;
  Tensor before_;               // (slots, D)
  std::vector<char> starting_;  // [row] the next point is a start
};

// of_x x + of_y y
State combined(const State& x, double of_x, const State& y, double of_y) {
  return x.with_flat(of_x * x.flat() + of_y * y.flat());
}

}  // namespace

std::unique_ptr<Method> make_reversible(const Reversible& options, const Layout& layout) {
  return std::make_unique<ReversibleMethod>(options, layout);
}

ReversiblePair reversible_forward(const Map& map, const ReversiblePair& start, const Reversible& options,
                                  std::int64_t steps) {
  const double b = options.damping;
  ReversiblePair pair = start;
  for (std::int64_t k = 0; k < steps; ++k) {
    State next = combined(pair.before, 1 - b, map(pair.now), b);
    pair = {pair.now, std::move(next)};
  }
  return pair;
}

ReversiblePair reversible_backward(const Map& map, const ReversiblePair& end, const Reversible& options,
                                   std::int64_t steps) {
  const double b = options.damping;
  ReversiblePair pair = end;
  for (std::int64_t k = 0; k < steps; ++k) {
    State before = combined(pair.now, 1 / (1 - b), map(pair.before), -b / (1 - b));
    pair = {std::move(before), pair.before};
  }
  return pair;
}

std::vector<double> reversible_drift(const Map& map, const State& y0, const Reversible& options, std::int64_t steps) {
  validate(options);
  if (steps < 0) base::fail("solve::reversible_drift", "steps = {} violates >= 0", steps);
  const at::NoGradGuard no_grad;
  const ReversiblePair end = reversible_forward(map, {y0, y0}, options, steps);
  const ReversiblePair start = reversible_backward(map, end, options, steps);
  const std::vector<double> scale = row_norms(y0.flat()), reached = row_norms(end.now.flat());
  std::vector<double> drift = row_norms(start.now.flat() - y0.flat());
  for (std::size_t row = 0; row < drift.size(); ++row) {
    const double size = std::max(scale[row], reached[row]);
    if (size > 0) drift[row] /= size;
  }
  return drift;
}

std::int64_t reversible_safe_steps(const Reversible& options, double gain, double epsilon, double tolerance) {
  validate(options);
  const double growth = std::log((options.damping * gain + 1) / (1 - options.damping));
  const double room = std::log(tolerance / epsilon);
  if (!(growth > 0) || !std::isfinite(room)) {
    base::fail("solve::reversible_safe_steps",
               "gain = {}, epsilon = {}, tolerance = {} give no bound; all must be positive", gain, epsilon, tolerance);
  }
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(room / growth));
}

}  // namespace fathom::solve
