// A solver as the loop of iterate.h sees it: what it does between two evaluations of G.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fathom/kernel/rows.h"
#include "fathom/solve/evaluation.h"
#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/state.h"

namespace fathom::solve {

using kernel::LiveRow;
using kernel::Squares;

// The shape of a solve, and where its numbers live.
struct Layout {
  std::int64_t batch = 0;
  std::vector<std::int64_t> part_start;  // first column of each part, and at the end the width
  at::TensorOptions options;             // dtype and device

  explicit Layout(const State& state);
  std::int64_t width() const { return part_start.back(); }
  std::int64_t parts() const { return static_cast<std::int64_t>(part_start.size()) - 1; }
};

inline constexpr std::int64_t kAllRows = std::numeric_limits<std::int64_t>::max();

// Where a method writes the next iterate. A method that is not over_y may refer to y and g until its next advance() is
// done, where it can still read them as the point before: nothing is copied to remember a point.
enum class Next {
  over_y,
  beside_y,  // into a second buffer
  over_g,    // into g, where the iteration can go on with g itself; else beside_y
};

// Each iteration is a start_iteration() and then, over all rows or over rows_at_a_time() of them after another, a
// measure(), the loop's verdict written into `rows`, and an advance(). y and g = G(y) are contiguous matrices of the
// rows still in the batch (slots); best and squares are of the full batch.
class Method {
 public:
  virtual ~Method() = default;

  // Before the first iteration. A method that needs more of the map than G at the iterate keeps `evaluation`, which
  // outlives the solve.
  virtual void begin(Evaluation& evaluation, const Stop& stop) {}

  virtual void start_iteration() {}

  // Fewer than all where a row's second pass then finds its numbers still in the cache.
  virtual std::int64_t rows_at_a_time() const { return kAllRows; }

  // squares[row * parts + p] of every live row; remembers what the next step needs.
  virtual void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
                       std::vector<Squares>& squares) = 0;

  // Whether the step that led to the row's present point was an extrapolation that can be taken
  // back, so that a bad residual is not the end of the row.
  virtual bool can_roll_back(std::int64_t row) const { return false; }

  // Whether the row goes on from its best iterate by other means instead of taking the verdict, which may be `running`.
  // Asked of every row that has not converged, has a finite best and may still be evaluated. advance() then puts
  // the row there, and its best counts as not found yet.
  virtual bool starts_over(std::int64_t row, Status verdict) { return false; }

  // The next point of the row begins a new iteration: its past counts for nothing.
  virtual void restart(const LiveRow& live) {}

  // Which solver the row is with, where that can change.
  virtual std::string_view stage(std::int64_t row) const { return {}; }

  virtual Next next() const { return Next::over_y; }

  // next = the next iterate where running; it is y, g or another matrix (see Next). Where a row stops running, `best`
  // holds its best iterate; before that the method may keep it elsewhere. `best_residual` [batch] is after the verdict.
  virtual void advance(std::span<LiveRow> rows, const std::vector<double>& best_residual, const Tensor& g,
                       const Tensor& y, const Tensor& next, const Tensor& best) = 0;

  // The batch now consists of these of its slots (an int64 tensor on the state's device).
  virtual void gather(const Tensor& slots) {}
};

// Which arithmetic does the work on rows: the kernels where they apply (CPU, float32 and float64),
// or tensor operations, which run anywhere. The two agree to rounding.
enum class Arithmetic { automatic, tensors };

bool has_kernels(const Layout& layout, Arithmetic arithmetic);

std::unique_ptr<Method> make_method(const Solver& solver, const Layout& layout,
                                    Arithmetic arithmetic = Arithmetic::automatic);

}  // namespace fathom::solve
