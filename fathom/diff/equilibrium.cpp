#include "fathom/diff/equilibrium.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/where.h>

#include "fathom/base/error.h"
#include "fathom/diff/checkpointed.h"
#include "fathom/diff/implicit.h"
#include "fathom/diff/steps.h"
#include "fathom/solve/validate.h"
#include "fathom/tensor/convert.h"

namespace fathom::diff {

namespace {

std::vector<std::int64_t> finite_rows(const Solution& solution) {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < solution.status.size(); ++row) {
    if (solution.status[row] != solve::Status::nonfinite) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

// The part of a solved batch through which a gradient is taken.
class Recorded {
 public:
  Recorded(const Map& map, const Solution& solution) : whole_(solution.y.detach()) {
    const std::vector<std::int64_t> finite = finite_rows(solution);
    const auto count = static_cast<std::int64_t>(finite.size());
    if (count == whole_.batch()) return;
    finite_ = tensor::from_int64s(finite, {count}).to(whole_[0].device());
    if (map.compactable() && count > 0) {
      rows_ = Rows(finite_);
      listed_ = finite;
    }
  }

  const Rows& rows() const { return rows_; }
  const std::vector<std::int64_t>& listed() const { return listed_; }
  AdjointLog log(std::string note) const {
    if (rows_.all()) return {.note = std::move(note)};
    return {.note = std::move(note), .batch = whole_.batch(), .rows = listed_};
  }
  State start() const { return rows_.all() ? whole_ : whole_.with_flat(rows_.of(whole_.flat())); }

  // The recorded rows among the others, which keep their values and get no gradient.
  State among_all(const State& y) const {
    if (!finite_.defined()) return y;
    const Tensor rows = rows_.all() ? y.flat().index_select(0, finite_) : y.flat();
    return whole_.with_flat(at::index_copy(whole_.flat(), 0, finite_, rows));
  }

 private:
  State whole_;
  Rows rows_;                         // all, or the finite ones
  std::vector<std::int64_t> listed_;  // rows_ as numbers; empty: all
  Tensor finite_;                     // undefined where every row is finite
};

std::string note_on(const Solution& solution) {
  const auto rows = static_cast<std::int64_t>(solution.status.size());
  const std::int64_t nonfinite = solution.count(solve::Status::nonfinite);
  const std::int64_t unfinished = rows - nonfinite - solution.count(solve::Status::converged);
  std::string note;
  if (unfinished > 0) {
    note += fmt::format(" {} of {} rows did not converge forward: their gradient is that at the best iterate.",
                        unfinished, rows);
  }
  if (nonfinite > 0) {
    note += fmt::format(" {} of {} rows met NaN or infinity forward: they give no gradient.", nonfinite, rows);
  }
  return note;
}

State attached(const Map& map, const Recorded& recorded, const Adjoint& options, AdjointLog log) {
  const State start = recorded.start();
  const Tensor y = start.flat().detach().requires_grad_(true);
  const State at = start.with_flat(y);
  const Tensor g = recorded_steps(map, at, 1, 1, recorded.rows()).flat();
  std::shared_ptr<const PackedVjp> packed;
  if (start.parts().size() == 1) packed = packed_vjp(map, y, g, recorded.listed());
  return start.with_flat(attach_implicit(y, g, options, std::move(log), std::move(packed)));
}

Equilibrium solved(const Map& map, const State& y0, const solve::Solver& solver, const solve::Stop& stop) {
  Solution solution = solve::fixed_point(map, y0, solver, stop);
  return {solution.y, std::move(solution), nullptr, nullptr};
}

// How each gradient makes its equilibrium.
struct Dispatch {
  const Map& map;
  const State& y0;
  const solve::Solver& solver;
  const solve::Stop& stop;

  Equilibrium operator()(const Implicit& options) const { return with_adjoint(options); }
  Equilibrium operator()(const Neumann& options) const { return with_adjoint(options); }
  Equilibrium operator()(const Adaptive& options) const { return with_adjoint(options); }
  Equilibrium operator()(const JacobianFree&) const { return steps_from_solution(1, 1); }
  Equilibrium operator()(const Phantom& options) const { return steps_from_solution(options.steps, options.damping); }
  Equilibrium operator()(const Unrolled& options) const { return own_steps(options.steps, options.steps); }
  Equilibrium operator()(const Truncated& options) const {
    base::require(options.last <= options.steps, "diff::equilibrium", "truncated.last", options.last,
                  "<= truncated.steps", fmt::format("{} steps are run in all", options.steps));
    return own_steps(options.steps, options.last);
  }
  Equilibrium operator()(const Checkpointed& options) const {
    Run run = run_checkpointed(map, y0, options, stop);
    run.solution.bound_errors_of_steps(map.contraction());
    return {std::move(run.y), std::move(run.solution), nullptr, nullptr};
  }
  Equilibrium operator()(const Reversible& options) const {
    ReversibleRun run = run_reversible(map, y0, options, stop);
    run.solution.bound_errors(map.contraction());
    return {std::move(run.y), std::move(run.solution), nullptr, std::move(run.drift)};
  }

  Equilibrium with_adjoint(const Adjoint& options) const {
    Equilibrium e = solved(map, y0, solver, stop);
    e.adjoint = std::make_shared<AdjointReport>();
    if (!at::GradMode::is_enabled()) return e;
    const Recorded recorded(map, e.solution);
    AdjointLog log = recorded.log(note_on(e.solution));
    log.report = e.adjoint;
    e.y = recorded.among_all(attached(map, recorded, options, std::move(log)));
    return e;
  }

  Equilibrium steps_from_solution(std::int64_t steps, double damping) const {
    Equilibrium e = solved(map, y0, solver, stop);
    const Recorded recorded(map, e.solution);
    e.y = recorded.among_all(recorded_steps(map, recorded.start(), steps, damping, recorded.rows()));
    return e;
  }
  Equilibrium own_steps(std::int64_t steps, std::int64_t last) const {
    Run run = run_steps(map, y0, steps, last, stop);
    run.solution.bound_errors_of_steps(map.contraction());
    return {std::move(run.y), std::move(run.solution), nullptr, nullptr};
  }
};

}  // namespace

Equilibrium equilibrium(const Map& map, const State& y0, const solve::Solver& solver, const Gradient& gradient,
                        const solve::Stop& stop) {
  std::visit([](const auto& options) { solve::validate(options); }, gradient);
  return std::visit(Dispatch{map, y0, solver, stop}, gradient);
}

}  // namespace fathom::diff
