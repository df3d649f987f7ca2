#include "fathom/domain/map/study.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/where.h>

#include "fathom/base/seed.h"
#include "fathom/io/sha256.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/study/unroll.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::map {

namespace {

// x moved in a random direction, row by row; a row of zeros is moved by `relative` itself.
Tensor moved(const Tensor& x, double relative) {
  const Tensor flat = x.reshape({x.size(0), -1});
  const Tensor direction = at::randn(flat.sizes(), flat.options());
  const Tensor length = flat.norm(2, 1, true);
  const Tensor step = at::where(length > 0, length, at::ones_like(length)) * relative;
  return (flat + direction / direction.norm(2, 1, true) * step).view(x.sizes());
}

std::vector<base::Curve> curves_of(const Subject& subject, std::int64_t iterations) {
  std::vector<study::Probe> probes{study::relative_residual()};
  if (subject.inputs.target.defined()) {
    probes.insert(probes.begin(), {"error", "all", [&](std::int64_t, const State& y, const State&) {
                                     return measure::rel_l2(y.only(), subject.inputs.target);
                                   }});
  }
  return study::unroll(subject.G.map(subject.inputs.x), subject.inputs.y0, iterations, subject.G.name(), probes);
}

// All moved inputs walk beside the clean ones.
base::Curve lipschitz_curve(const Config& config, const Subject& subject, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  tensor::seed(base::stream_seed(seed, "map perturb", 0));
  const State x = subject.inputs.x;
  std::vector<State> inputs, states(config.study.perturbed, subject.inputs.y0);
  std::vector<std::vector<double>> size;
  for (std::int64_t k = 0; k < config.study.perturbed; ++k) {
    inputs.emplace_back(moved(x.only(), config.study.perturbation));
    size.push_back(measure::distance(x, inputs.back()));
  }
  base::Curve curve{subject.G.name(), "lipschitz", "x", {}, {}, {}, {}};
  State y = subject.inputs.y0;
  for (std::int64_t t = 0; t <= config.study.iterations; ++t) {
    std::vector<double> largest(subject.inputs.samples(), 0);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const std::vector<double> ratio = measure::lipschitz(measure::distance(y, states[k]), size[k]);
      for (std::size_t row = 0; row < ratio.size(); ++row) {
        largest[row] = std::isnan(ratio[row]) ? ratio[row] : std::max(largest[row], ratio[row]);
      }
      states[k] = subject.G(states[k], inputs[k]);
    }
    study::add_point(curve, static_cast<double>(t), largest);
    y = subject.G(y, x);
  }
  return curve;
}

base::ModelResult result_of(const Subject& subject, const std::vector<base::Curve>& curves) {
  base::ModelResult result;
  result.name = subject.G.name();
  result.kind = "implicit";
  result.parameters = subject.G.parameters();
  const base::Curve& first = curves.front();  // the error where there is a target
  result.metric = first.quantity == "error" ? "rel_l2" : "residual";
  result.test = first.mean.back();
  result.test_std = first.std.back();
  result.extra["residual"] = curves[first.quantity == "error" ? 1 : 0].mean.back();
  result.extra["lipschitz"] = curves.back().max.back();
  return result;
}

}  // namespace

base::StudyRecord study(const Config& config, const Subject& subject, std::uint64_t seed) {
  base::StudyRecord record;
  record.domain = "map";
  record.protocol = "given";
  record.test_samples = subject.inputs.samples();
  record.data_sha256 = io::sha256_of_file(config.input);
  record.curves = curves_of(subject, config.study.iterations);
  record.curves.push_back(lipschitz_curve(config, subject, seed));
  record.models.push_back(result_of(subject, record.curves));
  return record;
}

}  // namespace fathom::map
