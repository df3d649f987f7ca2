#include "fathom/diff/reversible.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/timer.h"
#include "fathom/diff/replay.h"
#include "fathom/solve/krylov_basis.h"
#include "fathom/tensor/precision.h"

namespace fathom::diff {

namespace {

struct Pair {
  Tensor y, z;  // (B, D)
};

template <class G>
Pair forward(const Pair& at, double b, const G& g) {
  const Tensor y = (1 - b) * at.y + b * g(at.z);
  return {y, (1 - b) * at.z + b * g(y)};
}

double allowed_drift(const Reversible& options, double epsilon) {
  return options.drift > 0 ? options.drift : std::sqrt(epsilon);
}

// The relative distance of every row from what was kept, against the size of the answer too: y_0 may be 0.
class Drift {
 public:
  Drift(const Tensor& end, double allowed) : sizes_(solve::row_norms(end)), worst_(sizes_.size(), 0) {
    report.allowed = allowed;
  }

  void compare(const Pair& computed, const Pair& kept) {
    compare(computed.y, kept.y);
    compare(computed.z, kept.z);
  }
  void finish(std::int64_t steps) {
    report.drift = worst_;
    report.worst = 0;
    for (const double drift : worst_) {
      if (!(drift <= report.worst)) report.worst = drift;
      if (std::isnan(drift)) break;
    }
    report.message = fmt::format("{} steps run backwards with {} checkpoints: drift {:.1e}, allowed {:.1e}.", steps,
                                 report.checkpoints, report.worst, report.allowed);
  }

  DriftReport report;

 private:
  void compare(const Tensor& computed, const Tensor& kept) {
    const std::vector<double> off = solve::row_norms(computed - kept), size = solve::row_norms(kept);
    for (std::size_t row = 0; row < off.size(); ++row) {
      const double scale = std::max(size[row], sizes_[row]), drift = off[row] == 0 ? 0 : off[row] / scale;
      if (!(drift <= worst_[row])) worst_[row] = drift;
    }
  }

  std::vector<double> sizes_, worst_;
};

class Backwards : public Replayed {
 public:
  Backwards(Replay replay, const Tensor& y0, const Reversible& options, std::int64_t every,
            std::map<std::int64_t, Pair> kept, std::shared_ptr<DriftReport> report)
      : Replayed(std::move(replay), y0),
        options_(options),
        every_(every),
        kept_(std::move(kept)),
        report_(std::move(report)) {}

  std::string name() const override { return "fathom::diff::Reversible"; }

 private:
  Tensors pull_back(const Tensor& v) override {
    Tensors total(num_outputs());
    Pair at = kept_.at(options_.steps), adjoint{v, at::zeros_like(v)};
    Drift drift(at.y, allowed_drift(options_, tensor::epsilon_of(at.y.scalar_type())));
    for (std::int64_t t = options_.steps - 1; t >= 0; --t) {
      step_back(at, adjoint, total);
      const auto kept = kept_.find(t);
      if (kept == kept_.end()) continue;
      drift.compare(at, kept->second);
      at = kept->second;
    }
    total[0] = adjoint.y + adjoint.z;  // y_0 = z_0
    drift.report.every = every_;
    drift.report.checkpoints = static_cast<std::int64_t>(kept_.size()) - 2;
    drift.finish(options_.steps);
    tell(drift.report);
    return total;
  }

  void step_back(Pair& at, Pair& adjoint, Tensors& total) {
    at.z = undo(at.y, at.z, adjoint.y, adjoint.z, total);
    at.y = undo(at.z, at.y, adjoint.z, adjoint.y, total);
  }

  // moved' = (1-b) moved + b G(fixed): gives `moved` and takes the adjoints through it.
  Tensor undo(const Tensor& fixed, const Tensor& moved, Tensor& fixed_adjoint, Tensor& moved_adjoint, Tensors& total) {
    const double b = options_.damping;
    const Taped taped = replay().tape(fixed);
    Tensors pulled = taped.pull(b * moved_adjoint);
    if (pulled[0].defined()) fixed_adjoint = fixed_adjoint + pulled[0];
    pulled[0].reset();
    accumulate(total, pulled);
    moved_adjoint = (1 - b) * moved_adjoint;
    return (moved - b * taped.value) / (1 - b);
  }

  void tell(const DriftReport& drift) const {
    if (!drift.good()) {
      base::warn("[diff::equilibrium] {} The gradient is approximate; lower reversible.every, or raise gain.",
                 drift.message);
    }
    *report_ = drift;
  }

  Replay::Program program() const override {
    return [steps = options_.steps, b = options_.damping](const Tensor& leaf, const auto& G) {
      Pair at{leaf, leaf};
      for (std::int64_t t = 0; t < steps; ++t) at = forward(at, b, G);
      return at.y;
    };
  }
  void release() override { kept_.clear(); }

  Reversible options_;
  std::int64_t every_;
  std::map<std::int64_t, Pair> kept_;  // the start, the end and the checkpoints, by their step
  std::shared_ptr<DriftReport> report_;
};

// ||G(y_T) - y_T|| is known: z_T = (1-b) z + b G(y_T).
Solution account_of_pairs(const State& y, const Tensor& G_of_end, std::int64_t steps, const solve::Stop& stop,
                          double seconds) {
  Solution solution = account_of_steps(y, y.with_flat(G_of_end), steps, stop, seconds);
  solution.y = y;
  solution.calls = 2 * steps;
  solution.rows_evaluated = 2 * steps * y.batch();
  solution.iterations.assign(y.batch(), 2 * steps);
  solution.message = fmt::format("{} reversible steps: {}", steps, solution.brief());
  return solution;
}

}  // namespace

double drift_growth(double gain, double damping) {
  const double c = 1 - damping, half = (2 / c + std::pow(damping * gain / c, 2)) / 2;
  return half + std::sqrt(std::max(0.0, half * half - 1 / (c * c)));
}

std::int64_t steps_between_checkpoints(const Reversible& options, double epsilon) {
  const double k =
      std::log(allowed_drift(options, epsilon) / epsilon) / std::log(drift_growth(options.gain, options.damping));
  const double most = static_cast<double>(std::max<std::int64_t>(1, options.steps));
  return static_cast<std::int64_t>(std::clamp(std::floor(k), 1.0, most));
}

ReversibleRun run_reversible(const Map& map, const State& y0, const Reversible& options, const solve::Stop& stop) {
  const base::Timer timer;
  Replay replay(map, y0);
  const Tensor start = y0.flat();
  const std::int64_t every =
      options.every > 0 ? options.every : steps_between_checkpoints(options, tensor::epsilon_of(start.scalar_type()));
  Tensor last;  // G(y) of the step
  const auto G = [&](const Tensor& at) { return last = replay.step(at); };
  Pair at{start.detach(), start.detach()};
  std::map<std::int64_t, Pair> kept{{0, at}};
  for (std::int64_t t = 1; t <= options.steps; ++t) {
    at = forward(at, options.damping, G);
    if (t % every == 0 || t == options.steps) kept[t] = at;
  }
  const State end = y0.detach().with_flat(at.y);
  Solution solution = options.steps > 0 ? account_of_pairs(end, last, options.steps, stop, timer.seconds())
                                        : account_of_steps(end, end, 0, stop, timer.seconds());
  auto report = std::make_shared<DriftReport>();
  if (options.steps == 0) return {y0, std::move(solution), report};
  if (!at::GradMode::is_enabled()) return {end, std::move(solution), report};
  const auto node = tensor::make_node<Backwards>(std::move(replay), start, options, every, std::move(kept), report);
  return {y0.with_flat(Replayed::attach(at.y, node)), std::move(solution), report};
}

}  // namespace fathom::diff
