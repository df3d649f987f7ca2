#include "fathom/domain/pde/answer.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/field_panel.h"
#include "fathom/domain/pde/flow_residual.h"
#include "fathom/measure/metrics.h"

namespace fathom::pde {

namespace {

void check_viscosity(const AnswerOptions& options) {
  base::require(options.viscosity > 0, "pde::answer", "viscosity", options.viscosity, "> 0",
                "that of the flows is not known; give one");
}

}  // namespace

Answer answer(const Trained& trained, const FlowArrays& flows, const AnswerOptions& options) {
  AnswerOptions judged = options;
  if (judged.viscosity == 0) judged.viscosity = trained.training.viscosity;
  check_viscosity(judged);
  Prediction prediction = predict(trained, flows.forcing, {.iterations = options.iterations});
  Answer answer = answer_from(prediction.vorticity, flows, judged);
  answer.solution = std::move(prediction.solution);
  return answer;
}

Answer answer_from(const Tensor& predicted, const FlowArrays& flows, const AnswerOptions& options) {
  check_viscosity(options);
  const Flow flow(flows.forcing.size(2));
  Answer answer{.vorticity = predicted.to(at::kCPU, at::kDouble), .viscosity = options.viscosity};
  answer.predicted = answer.vorticity;
  answer.predicted_residual = flow_residual(flow, flows.forcing, answer.predicted, answer.viscosity);
  if (options.refine) {
    answer.refined = refine(flow, flows.forcing, answer.predicted, answer.viscosity);
    answer.vorticity = answer.refined->vorticity;
  }
  answer.residual = flow_residual(flow, flows.forcing, answer.vorticity, answer.viscosity);
  if (flows.vorticity.defined()) answer.error = measure::rel_l2(answer.vorticity, flows.vorticity.to(at::kDouble));
  return answer;
}

base::FieldFigure picture_of(const FlowArrays& flows, const Answer& answer, std::int64_t most) {
  base::FieldFigure figure{.name = "flow",
                           .section = "Flows",
                           .caption = "Forcings and vorticities.",
                           .height = answer.vorticity.size(1),
                           .width = answer.vorticity.size(2)};
  const std::int64_t shown = std::min(most, answer.vorticity.size(0));
  for (std::int64_t i = 0; i < shown; ++i) {
    const Tensor predicted = answer.predicted[i], w = answer.vorticity[i];
    const double force = range_of(flows.forcing[i]), range = range_of(w);
    figure.panels.push_back(panel_of("f1", flows.forcing[i][0], force));
    figure.panels.push_back(panel_of("f2", flows.forcing[i][1], force));
    figure.panels.push_back(panel_of("prediction", predicted, range));
    if (answer.refined) {
      figure.panels.push_back(panel_of("refined", w, range));
      figure.panels.push_back(panel_of("refined - prediction", w - predicted, range));
    }
    if (flows.vorticity.defined())
      figure.panels.push_back(panel_of("vorticity of the file", flows.vorticity[i], range));
  }
  figure.columns = static_cast<std::int64_t>(figure.panels.size()) / std::max<std::int64_t>(1, shown);
  return figure;
}

}  // namespace fathom::pde
