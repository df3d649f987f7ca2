#include "fathom/domain/theory/rivals.h"

#include <algorithm>

#include "fathom/domain/theory/lipschitz_fit.h"
#include "fathom/measure/summary.h"
#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

MeasuredNetwork measured(const Config& config, const Run& run, const NetworkSpec& spec, const LearnedPoints& points,
                         std::int64_t k) {
  const std::uint64_t seed = run.seed + static_cast<std::uint64_t>(k);
  const TrainedNetwork trained = load_network(config, network_file(run.folder, spec, seed), spec, seed);
  return measure_network(config.learned, trained, points);
}

}  // namespace

std::vector<double> at_time(const std::vector<MeasuredNetwork>& runs, std::vector<double> MeasuredNetwork::*values,
                            std::size_t t) {
  std::vector<double> list;
  for (const MeasuredNetwork& run : runs) list.push_back((run.*values)[std::min(t, (run.*values).size() - 1)]);
  return list;
}

double mean_at(const std::vector<MeasuredNetwork>& runs, std::vector<double> MeasuredNetwork::*values, std::size_t t) {
  return measure::summarize(at_time(runs, values, t)).mean;
}

Rivals measure_rivals(const Config& config, const Run& run, const NetworkSpec& implicit, const NetworkSpec& rival) {
  Rivals r{implicit, rival, make_target(implicit.target, config.target).formula, implicit.options.bound,
           learned_points(config, implicit.target)};
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    r.implicit_runs.push_back(measured(config, run, implicit, r.points, k));
    r.rival_runs.push_back(measured(config, run, rival, r.points, k));
  }
  const std::vector<double> F = tensor::to_doubles(r.points.test_F);
  r.best_fit = best_lipschitz_fit(r.points.test.place, F, r.bound);
  r.best_error =
      relative_error(tensor::from_doubles(r.best_fit, r.points.test_F.sizes().vec(), at::kDouble), r.points.test_F);
  return r;
}

}  // namespace fathom::theory
