#include "fathom/domain/lp/predict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <ATen/core/grad_mode.h>

#include <fmt/format.h>

#include "fathom/base/log.h"
#include "fathom/domain/lp/batch.h"
#include "fathom/domain/lp/clp.h"
#include "fathom/domain/lp/scaling.h"
#include "fathom/tensor/convert.h"

namespace fathom::lp {

namespace {

constexpr double kFarOff = 0.01;  // a gap or violation above it is called so

std::vector<double> clipped(std::vector<double> x, const Instance& instance) {
  std::size_t lost = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    if (!std::isfinite(x[j])) {
      x[j] = 0;
      ++lost;
    }
    x[j] = std::clamp(x[j], std::min(instance.l[j], instance.u[j]), instance.u[j]);
  }
  if (lost > 0) base::warn("{} of {} entries of the prediction are not finite and count as 0", lost, x.size());
  return x;
}

std::string verdict(const Answer& a) {
  if (a.predicted_infeasibility <= kFarOff && a.predicted_gap <= kFarOff)
    return "The prediction is close to a solution.";
  return fmt::format(
      "The prediction alone is far off (relative infeasibility {:.2g}, gap {:.2g}): the model was trained on random "
      "programs of 10 "
      "constraints and 50 variables, and others lie outside what it learned.",
      a.predicted_infeasibility, a.predicted_gap);
}

std::string saved(std::int64_t warm, std::int64_t cold) {
  if (warm <= cold)
    return fmt::format("{} simplex iterations from the prediction, {} from scratch: {} saved.", warm, cold,
                       cold - warm);
  return fmt::format("{} simplex iterations from the prediction, {} from scratch: {} lost.", warm, cold, warm - cold);
}

Answer without_solution(Outcome outcome, std::int64_t cold_iterations) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Answer a{
      .status = std::string(to_string(outcome)), .objective = nan, .infeasibility = nan, .gap = nan, .optimum = nan};
  a.predicted_objective = a.predicted_infeasibility = a.predicted_gap = nan;
  a.cold_iterations = cold_iterations;
  a.message = outcome == Outcome::infeasible  ? "No x satisfies all rows and bounds: the program is infeasible."
              : outcome == Outcome::unbounded ? "The objective can be improved without limit: the program is unbounded."
                                              : "The simplex method stopped without a verified answer.";
  return a;
}

}  // namespace

std::vector<double> predict(const Trained& trained, const Instance& instance, const PredictOptions& options) {
  at::NoGradGuard no_grad;
  const Scaled scaled = scale(instance);
  const Batch batch = make_batch(std::span(&scaled.instance, 1), {}, {.bound_flags = trained.spec.options.bound_flags});
  const std::int64_t iterations = options.iterations > 0 ? options.iterations : trained.spec.depth;
  return clipped(scaled.unscale(tensor::to_doubles(trained.model->forward(batch, iterations))), instance);
}

Answer answer(const Imported& program, const std::vector<double>& predicted, bool refine_it) {
  const Instance& instance = program.instance;
  const SimplexResult cold = simplex(instance);
  if (cold.outcome != Outcome::optimal) return without_solution(cold.outcome, cold.iterations);
  const double optimum = program.model_objective(cold.objective);
  const Measures measures = measures_of(instance, predicted);
  Answer a{.status = "predicted",
           .objective = program.model_objective(measures.objective),
           .infeasibility = measures.relative_violation,
           .optimum = optimum};
  a.gap = relative_gap(a.objective, optimum);
  a.predicted_objective = a.objective;
  a.predicted_infeasibility = a.infeasibility;
  a.predicted_gap = a.gap;
  a.cold_iterations = cold.iterations;
  a.x = predicted;
  a.message = verdict(a);
  if (!refine_it) return a;

  const Refinement refined = refine(instance, predicted);
  a.status = std::string(to_string(refined.outcome));
  a.iterations = refined.iterations;
  a.cold_iterations = refined.cold_iterations;
  a.message += " " + (refined.outcome == Outcome::optimal ? saved(refined.iterations, refined.cold_iterations)
                                                          : refined.message);
  if (refined.outcome != Outcome::optimal) return a;
  a.x = refined.x;
  a.objective = program.model_objective(refined.objective);
  a.infeasibility = measures_of(instance, refined.x).relative_violation;
  a.gap = relative_gap(a.objective, optimum);
  return a;
}

}  // namespace fathom::lp
