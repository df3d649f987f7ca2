#include "fathom/domain/pde/march.h"

#include <cmath>

#include "fathom/base/error.h"

namespace fathom::pde {

std::vector<double> march(const Flow& flow, std::vector<double> vorticity, double viscosity, double time, double step) {
  base::require(viscosity >= 0, "pde::march", "viscosity", viscosity, ">= 0", "diffusion cannot run backwards");
  base::require(time >= 0, "pde::march", "time", time, ">= 0", "it marches forward");
  base::require(step > 0, "pde::march", "step", step, "> 0", "take a step of the grid's spacing over the speed");
  const auto steps = static_cast<std::int64_t>(std::ceil(time / step - 1e-9));  // 8 / 0.02 is 400 steps, not 401
  const double dt = steps > 0 ? time / static_cast<double>(steps) : 0;
  const std::vector<double>& square = flow.minus_laplacian();
  std::vector<double> now(vorticity.size()), later(vorticity.size()), trial(vorticity.size());
  for (std::int64_t t = 0; t < steps; ++t) {
    flow.convection(vorticity.data(), now.data());
    for (std::size_t i = 0; i < trial.size(); ++i) {
      const double s = 0.5 * viscosity * dt * square[i];
      trial[i] = ((1 - s) * vorticity[i] - dt * now[i]) / (1 + s);
    }
    flow.convection(trial.data(), later.data());
    for (std::size_t i = 0; i < trial.size(); ++i) {
      const double s = 0.5 * viscosity * dt * square[i];
      vorticity[i] = ((1 - s) * vorticity[i] - 0.5 * dt * (now[i] + later[i])) / (1 + s);
    }
  }
  return vorticity;
}

}  // namespace fathom::pde
