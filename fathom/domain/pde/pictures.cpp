#include "fathom/domain/pde/pictures.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/domain/pde/field_panel.h"
#include "fathom/domain/pde/predict.h"
#include "fathom/measure/metrics.h"

namespace fathom::pde {

base::FieldFigure picture_of(const Config& config, const Trained& trained, const FlowSet& test) {
  const Tensor forcing = test.forcing.narrow(0, 0, 1), truth = test.vorticity.narrow(0, 0, 1);
  const Walk w = walk(trained, forcing, config.study.iterations, config);
  const double range = range_of(truth), force = range_of(forcing);
  base::FieldFigure figure{
      .name = "flow",
      .section = "A test flow",
      .caption = fmt::format("The forcing of the first test flow, its steady vorticity, and what {} "
                             "predicts after t iterations, above its error.",
                             trained.spec.name),
      .height = test.grid(),
      .width = test.grid()};
  std::vector<base::FieldFigure::Panel> errors;
  figure.panels = {panel_of("forcing f1", forcing[0][0], force), panel_of("forcing f2", forcing[0][1], force),
                   panel_of("vorticity", truth[0], range)};
  // The first row holds the forcing and the truth, then every prediction stands above its error.
  const std::size_t columns = std::max<std::size_t>(3, config.study.pictured.size());
  figure.columns = static_cast<std::int64_t>(columns);
  figure.panels.resize(columns);
  for (const std::int64_t t : config.study.pictured) {
    const Tensor answer = w.vorticity[static_cast<std::size_t>(t - 1)].cpu();
    const Tensor error = answer[0] - truth[0];
    figure.panels.push_back(panel_of(fmt::format("prediction, t = {}", t), answer[0], range));
    errors.push_back(panel_of(fmt::format("error, t = {}: {:.0f}%", t, 100 * measure::rel_l2(answer, truth)[0]), error,
                              range_of(error)));
  }
  figure.panels.resize(2 * columns);
  figure.panels.insert(figure.panels.end(), errors.begin(), errors.end());
  return figure;
}

}  // namespace fathom::pde
