#include "fathom/domain/theory/learned_study.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/domain/theory/learned_figures.h"
#include "fathom/domain/theory/rivals.h"
#include "fathom/measure/summary.h"

namespace fathom::theory {

namespace {

template <class Get>
double greatest(const std::vector<MeasuredNetwork>& runs, Get get) {
  double value = -INFINITY;
  for (const MeasuredNetwork& run : runs) value = std::max(value, get(run));
  return value;
}

double mean_of(const std::vector<double>& values) { return measure::summarize(values).mean; }

double spread_of(const std::vector<double>& values) {
  return values.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : measure::summarize(values).std;
}

base::ModelResult result_of(const NetworkSpec& spec, const std::string& formula,
                            const std::vector<MeasuredNetwork>& runs, const LearnedConfig& config) {
  base::ModelResult result{.name = spec.name, .kind = spec.options.kind, .metric = "rel_l2 on " + formula};
  const auto depth = static_cast<std::size_t>(config.depth);
  const std::vector<double> test = at_time(runs, &MeasuredNetwork::error, depth);
  std::vector<double> train, seconds;
  for (const MeasuredNetwork& run : runs) {
    train.push_back(std::sqrt(run.train_loss));
    seconds.push_back(run.seconds);
  }
  result.parameters = runs.front().parameters;
  result.test = mean_of(test);
  result.test_std = spread_of(test);
  if (spec.options.kind == "explicit") result.train = mean_of(train);
  result.seconds_train = mean_of(seconds);
  result.seeds = static_cast<std::int64_t>(runs.size());
  result.extra["proved Lipschitz bound"] = greatest(runs, [](const auto& r) { return r.proved_bound; });
  result.extra["largest gradient"] = greatest(runs, [](const auto& r) { return r.largest_gradient; });
  result.extra["Lipschitz of the output"] = mean_of(at_time(runs, &MeasuredNetwork::lipschitz, depth));
  result.extra["learning rate"] = mean_of([&] {
    std::vector<double> rates;
    for (const MeasuredNetwork& run : runs) rates.push_back(run.lr);
    return rates;
  }());
  if (spec.options.kind == "explicit") return result;
  for (const std::int64_t t : shown_times(config)) {
    if (t == config.depth) continue;
    result.extra[fmt::format("error at t = {}", t)] =
        mean_of(at_time(runs, &MeasuredNetwork::error, static_cast<std::size_t>(t)));
  }
  result.extra["largest mu"] = greatest(runs, [](const auto& r) { return r.largest_mu; });
  return result;
}

base::Curve curve_of(const NetworkSpec& spec, const std::string& formula, const std::string& quantity,
                     const std::vector<MeasuredNetwork>& runs, std::vector<double> MeasuredNetwork::*values,
                     std::int64_t last) {
  base::Curve curve{spec.name, quantity, formula, {}, {}, {}, {}};
  const std::size_t points = (runs.front().*values).size();
  for (std::size_t i = 0; i < std::max<std::size_t>(points, 2); ++i) {
    const measure::Summary summary = measure::summarize(at_time(runs, values, i));
    curve.t.push_back(points > 1 ? static_cast<double>(i) : static_cast<double>(i) * static_cast<double>(last));
    curve.mean.push_back(summary.mean);
    curve.std.push_back(summary.std);
    curve.max.push_back(summary.max);
  }
  return curve;
}

void at_most(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value <= bound});
}

void append_checks(const Rivals& r, const LearnedConfig& config, base::StudyRecord& record) {
  const std::string about = fmt::format("{}, L = {:g}: ", r.formula, r.bound);
  const auto depth = static_cast<std::size_t>(config.depth);
  const std::vector<double> implicit = at_time(r.implicit_runs, &MeasuredNetwork::error, depth),
                            rival = at_time(r.rival_runs, &MeasuredNetwork::error, 0);
  const double worst = *std::max_element(implicit.begin(), implicit.end()),
               best = *std::min_element(rival.begin(), rival.end());
  record.checks.push_back(
      {about + fmt::format("worst implicit error at t = {} below the best explicit one of {} seed{}", config.depth,
                           implicit.size(), implicit.size() == 1 ? "" : "s"),
       worst, best, worst < best});
  record.checks.push_back(
      {about + "the same below the best of all L-Lipschitz functions", worst, r.best_error, worst < r.best_error});
  record.checks.push_back({about + "no explicit network below that function", best, r.best_error * (1 - 1e-9),
                           best >= r.best_error * (1 - 1e-9)});
  for (const auto& [name, runs] : {std::pair{"implicit", &r.implicit_runs}, {"explicit", &r.rival_runs}}) {
    at_most(record, about + fmt::format("proved norm of every layer of the {} networks", name),
            greatest(*runs, [](const auto& run) { return run.largest_layer; }), std::sqrt(r.bound) * (1 + 1e-9));
    at_most(record, about + fmt::format("largest gradient found in the {} networks", name),
            greatest(*runs, [](const auto& run) { return run.largest_gradient; }), r.bound);
  }
  const std::vector<double> steep = at_time(r.implicit_runs, &MeasuredNetwork::lipschitz, depth);
  const double least = *std::min_element(steep.begin(), steep.end());
  record.checks.push_back({about + fmt::format("Lipschitz constant of y_{} beyond the bound of one step", config.depth),
                           least, r.bound, least > r.bound});
}

void append_rivals(const Rivals& r, const LearnedConfig& config, base::StudyRecord& record) {
  record.models.push_back(result_of(r.implicit, r.formula, r.implicit_runs, config));
  record.models.push_back(result_of(r.rival, r.formula, r.rival_runs, config));
  base::ModelResult best{.name = fmt::format("best function {} L={:g}", r.implicit.target, r.bound),
                         .kind = "baseline",
                         .metric = record.models.back().metric};
  best.test = r.best_error;
  record.models.push_back(std::move(best));
  for (const auto& [quantity, values] :
       {std::pair{"error", &MeasuredNetwork::error}, std::pair{"lipschitz", &MeasuredNetwork::lipschitz}}) {
    record.curves.push_back(curve_of(r.implicit, r.formula, quantity, r.implicit_runs, values, config.iterations));
    record.curves.push_back(curve_of(r.rival, r.formula, quantity, r.rival_runs, values, config.iterations));
  }
  append_checks(r, config, record);
}

}  // namespace

void append_learned(const Config& config, const Run& run, base::StudyRecord& record) {
  const std::vector<NetworkSpec> networks = networks_of(config);
  std::vector<Rivals> of_target;
  for (std::size_t i = 0; i + 1 < networks.size(); i += 2) {
    of_target.push_back(measure_rivals(config, run, networks[i], networks[i + 1]));
    append_rivals(of_target.back(), config.learned, record);
    const bool last = i + 2 >= networks.size() || networks[i + 2].target != networks[i].target;
    if (!last) continue;
    append_learned_figures(of_target, config.learned, record);
    of_target.clear();
  }
}

}  // namespace fathom::theory
