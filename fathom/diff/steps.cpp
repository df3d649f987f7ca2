#include "fathom/diff/steps.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/base/timer.h"
#include "fathom/solve/krylov_basis.h"

namespace fathom::diff {

namespace {

State blend(const State& y, const State& g, double damping) {
  if (damping == 1) return g;
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < y.parts().size(); ++i) parts.push_back((1 - damping) * y[i] + damping * g[i]);
  return State(std::move(parts));
}

// Measures y = G(before) row by row, each part by the test of Stop.
void account(Solution& solution, const State& before, const State& y, const solve::Stop& stop) {
  std::vector<double> squares(y.batch(), 0), sizes(y.batch(), 0);
  std::vector<char> passes(y.batch(), 1);
  for (std::size_t i = 0; i < y.parts().size(); ++i) {
    const double absolute = stop.atol * std::sqrt(static_cast<double>(y.widths()[i]));
    const std::vector<double> r = solve::row_norms(y[i] - before[i]), g = solve::row_norms(y[i]);
    for (std::size_t row = 0; row < r.size(); ++row) {
      squares[row] += r[row] * r[row];
      sizes[row] += g[row] * g[row];
      passes[row] = passes[row] && r[row] <= absolute + stop.rtol * g[row];
    }
  }
  for (std::size_t row = 0; row < squares.size(); ++row) {
    solution.residual[row] = std::sqrt(squares[row]);
    solution.relative[row] = squares[row] > 0 ? std::sqrt(squares[row] / sizes[row]) : 0;
    if (passes[row]) solution.status[row] = solve::Status::converged;
    if (!std::isfinite(squares[row])) solution.status[row] = solve::Status::nonfinite;
  }
}

Solution unmeasured(const State& y0, std::int64_t steps) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  Solution solution;
  solution.status.assign(y0.batch(), solve::Status::max_iter);
  solution.iterations.assign(y0.batch(), steps);
  solution.residual.assign(y0.batch(), kUnknown);
  solution.relative.assign(y0.batch(), kUnknown);
  solution.calls = steps;
  solution.rows_evaluated = steps * y0.batch();
  return solution;
}

}  // namespace

State recorded_steps(const Map& map, const State& y, std::int64_t steps, double damping, const Rows& rows) {
  State at = y;
  for (std::int64_t t = 0; t < steps; ++t) {
    const State g = map(at, rows);
    if (!g.same_layout(at)) {
      base::fail("diff::equilibrium", "G changed the shape of its state; a fixed point needs G(y) shaped like y");
    }
    at = blend(at, g, damping);
  }
  return at;
}

Run run_steps(const Map& map, const State& y0, std::int64_t steps, std::int64_t recorded, const solve::Stop& stop) {
  const base::Timer timer;
  Run run{y0, {}};
  State before = y0;
  for (std::int64_t t = 0; t < steps; ++t) {
    const at::AutoGradMode record(at::GradMode::is_enabled() && t >= steps - recorded);
    before = run.y;
    run.y = recorded_steps(map, before, 1, 1);
  }
  run.solution = account_of_steps(before, run.y, steps, stop, timer.seconds());
  return run;
}

Solution account_of_steps(const State& before, const State& y, std::int64_t steps, const solve::Stop& stop,
                          double seconds) {
  const at::NoGradGuard no_grad;
  Solution solution = unmeasured(y, steps);
  if (steps > 0) account(solution, before, y, stop);
  solution.y = y.detach();
  solution.seconds = seconds;
  solution.message = fmt::format("{} plain steps: {}", steps, solution.brief());
  return solution;
}

}  // namespace fathom::diff
