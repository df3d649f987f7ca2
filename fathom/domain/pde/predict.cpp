#include "fathom/domain/pde/predict.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/model.h"
#include "fathom/domain/pde/paper_anderson.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/convert.h"

namespace fathom::pde {

namespace {

constexpr std::string_view kPlace = "pde::predict";

void check_forcing(const ModelOptions& options, const Tensor& forcing) {
  if (forcing.dim() != 4 || forcing.size(1) != 2) {
    base::fail(kPlace, "the forcing's shape = ({}) violates == (N, 2, H, W); f1 and f2 on the grid",
               fmt::join(forcing.sizes(), ", "));
  }
  base::require(at::isfinite(forcing).all().item<bool>(), kPlace, "the forcing's entries", "NaN or infinity", "finite",
                "look at where it comes from");
  const std::int64_t points = std::min(forcing.size(2), forcing.size(3)) + options.padding;
  base::require(points >= 2 * options.modes, kPlace, "points along a side", points - options.padding,
                fmt::format(">= {}", 2 * options.modes - options.padding), "the network keeps more frequencies");
}

Tensor input_of(const Trained& trained, const Tensor& forcing) {
  const ModelOptions& options = trained.spec.options;
  check_forcing(options, forcing);
  const Tensor like = trained.model->parameters().front();
  return network_input(forcing.to(like.options()), trained.scaling, options.coordinates);
}

Tensor in_units(const Trained& trained, const Tensor& answer) { return answer * trained.scaling.vorticity; }

std::vector<double> lengths(const Tensor& z) {
  return tensor::to_doubles(at::linalg_vector_norm(z.flatten(1), 2, {1}));
}

Walk physical_walk(const Trained& trained, const Tensor& injected, std::int64_t iterations,
                   const solve::Anderson& solver) {
  const FourierModel& model = *trained.model;
  solve::TraceOptions trace{.residuals = true, .keep = {}};
  trace.keep.resize(static_cast<std::size_t>(iterations));
  std::iota(trace.keep.begin(), trace.keep.end(), 1);
  const solve::Stop never{.rtol = 0,
                          .max_iter = iterations + 1,
                          .patience = iterations + 1,
                          .divergence = std::numeric_limits<double>::max()};
  const Solution solution = solve::fixed_point(model.map(injected), model.start(injected), solver, never, {}, trace);
  Walk walk;
  for (std::int64_t t = 1; t <= iterations; ++t) {
    const auto i = static_cast<std::size_t>(t);
    // A solve that ended early, at the rounding of its dtype, has its answer for all t to come.
    const Tensor z = i <= solution.trace.iterates.size() ? solution.trace.iterates[i - 1].only() : solution.y.only();
    walk.vorticity.push_back(in_units(trained, model.decode(z)));
    const std::vector<double> length = lengths(z);
    std::vector<double> relative(length.size());
    for (std::size_t n = 0; n < length.size(); ++n) {
      const double r =
          i < solution.trace.residual.size() ? solution.trace.residual[i][n] : std::numeric_limits<double>::quiet_NaN();
      relative[n] = std::isfinite(r) ? r / length[n] : solution.relative[n];
    }
    walk.residual.push_back(std::move(relative));
  }
  return walk;
}

Walk paper_walk(const Trained& trained, const Tensor& injected, std::int64_t iterations) {
  const FourierModel& model = *trained.model;
  const Map map = model.map(injected);
  const Tensor start = model.start(injected).only();
  Walk walk;
  const auto keep = [&](const Tensor& z) {
    const std::vector<double> r = lengths(map(z).only() - z), length = lengths(z);
    std::vector<double> relative(r.size());
    for (std::size_t n = 0; n < r.size(); ++n) relative[n] = length[n] > 0 ? r[n] / length[n] : 1;
    walk.vorticity.push_back(in_units(trained, model.decode(z)));
    walk.residual.push_back(std::move(relative));
  };
  for (std::int64_t threshold = 1; threshold <= std::min<std::int64_t>(2, iterations); ++threshold) keep(start);
  paper_anderson([&](const Tensor& z) { return map(z).only(); }, start, {.threshold = iterations}, keep);
  while (static_cast<std::int64_t>(walk.vorticity.size()) < iterations) {
    walk.vorticity.push_back(walk.vorticity.back());
    walk.residual.push_back(walk.residual.back());
  }
  return walk;
}

}  // namespace

Prediction predict(const Trained& trained, const Tensor& forcing, const PredictOptions& options) {
  const at::NoGradGuard no_grad;
  const Tensor x = input_of(trained, forcing);
  const FourierModel& model = *trained.model;
  if (!model.options().implicit()) return {in_units(trained, model.forward(x)), {}};
  const Tensor injected = model.lift(x);
  Prediction prediction;
  prediction.solution =
      solve::fixed_point(model.map(injected), model.start(injected), options.solver,
                         {.rtol = options.rtol, .max_iter = options.iterations, .patience = options.iterations});
  prediction.vorticity = in_units(trained, model.decode(prediction.solution.y.only()));
  return prediction;
}

Walk walk(const Trained& trained, const Tensor& forcing, std::int64_t iterations, const Config& config) {
  const at::NoGradGuard no_grad;
  const Tensor x = input_of(trained, forcing);
  const FourierModel& model = *trained.model;
  if (!model.options().implicit()) return {{in_units(trained, model.forward(x))}, {}};
  if (config.protocol == "paper") return paper_walk(trained, model.lift(x), iterations);
  return physical_walk(trained, model.lift(x), iterations, config.train.solver);
}

}  // namespace fathom::pde
