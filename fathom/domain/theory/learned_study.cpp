#include "fathom/domain/theory/learned_study.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/ranges.h>

#include "fathom/base/seed.h"
#include "fathom/domain/theory/lipschitz_fit.h"
#include "fathom/domain/theory/picture.h"
#include "fathom/measure/spectral.h"
#include "fathom/measure/summary.h"
#include "fathom/study/regularity.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::theory {

namespace {

using base::Figure;

constexpr std::int64_t kGradientPoints = 2048;  // random arguments at which gradients of a network are looked at
constexpr std::int64_t kVerdictPoints = 64;

double relative_error(const Tensor& y, const Tensor& F) { return ((y - F).norm() / F.norm()).item<double>(); }

// Arguments [y; x] (or x) of the network: random ones from the box of the test points.
Tensor random_arguments(const Network& network, const LearnedPoints& points) {
  const auto within = [](const Tensor& v) {
    const Tensor low = v.min(), high = v.max();
    return low + (high - low) * at::rand({kGradientPoints, 1}, v.options());
  };
  tensor::seed(base::stream_seed(0, "arguments"));
  const Tensor x = within(points.test.x);
  return network.implicit() ? at::cat({within(points.test_F), x}, 1) : x;
}

// The largest ||d network|| in all arguments together; the gradient of one output is exact in one product.
double largest_gradient(const Network& network, const LearnedPoints& points) {
  const auto value = [&](const State& z) -> State {
    if (!network.implicit()) return State(network.forward(z.only()));
    return network.map(z.only().narrow(1, 1, 1))(State(z.only().narrow(1, 0, 1)));
  };
  const Tensor z = random_arguments(network, points);
  const std::vector<double> size = measure::sigma_max(tensor::Linearization::of(value, State(z))).value;
  return *std::max_element(size.begin(), size.end());
}

std::vector<std::int64_t> drawn_times(const LearnedConfig& config) {
  std::vector<std::int64_t> list{1, 5, config.depth, config.iterations};
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

void measure_iterates(const LearnedConfig& config, const Network& network, const LearnedPoints& points,
                      MeasuredNetwork& m) {
  const at::NoGradGuard no_grad;
  const Map G = network.map(points.test.x);
  m.drawn_t = drawn_times(config);
  State y = at::zeros_like(points.test_F);
  for (std::int64_t t = 0; t <= config.iterations; ++t) {
    m.error.push_back(relative_error(y.only(), points.test_F));
    m.lipschitz.push_back(lipschitz(points.test, y.only()));
    if (std::binary_search(m.drawn_t.begin(), m.drawn_t.end(), t)) m.drawn.push_back(y.only());
    if (t < config.iterations) y = G(y);
  }
  const std::vector<double> mu = measure::sigma_max(G, y).value;
  m.largest_mu = *std::max_element(mu.begin(), mu.end());
}

std::string verdict_of(const LearnedConfig& config, const Network& network, const LearnedPoints& points) {
  const std::int64_t stride = std::max<std::int64_t>(1, points.test.points() / kVerdictPoints);
  const Tensor x = points.test.x.slice(0, 0, points.test.points(), stride).contiguous();
  const measure::Joint G = [&](const State& y, const State& input) { return network.map(input.only())(y); };
  return study::verdict(study::probe_regularity(G, State(at::zeros_like(x)), State(x), config.depth));
}

// ---- several trainings of a pair of rivals

struct Rivals {
  NetworkSpec implicit, rival;
  std::string formula;
  double bound = 0;
  LearnedPoints points;
  std::vector<MeasuredNetwork> implicit_runs, rival_runs;
  std::vector<double> best_fit;  // the best function of Lipschitz constant L, on the test points
  double best_error = -1;
};

std::vector<double> at_time(const std::vector<MeasuredNetwork>& runs, std::vector<double> MeasuredNetwork::*values,
                            std::size_t t) {
  std::vector<double> list;
  for (const MeasuredNetwork& run : runs) list.push_back((run.*values)[std::min(t, (run.*values).size() - 1)]);
  return list;
}

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
  result.extra["largest gradient"] = greatest(runs, [](const auto& r) { return r.measured_bound; });
  result.extra["Lipschitz of the output"] = mean_of(at_time(runs, &MeasuredNetwork::lipschitz, depth));
  result.extra["learning rate"] = mean_of([&] {
    std::vector<double> rates;
    for (const MeasuredNetwork& run : runs) rates.push_back(run.lr);
    return rates;
  }());
  if (spec.options.kind == "explicit") return result;
  for (const std::int64_t t : drawn_times(config)) {
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
    at_most(record, about + fmt::format("proved Lipschitz bound of the {} networks", name),
            greatest(*runs, [](const auto& run) { return run.proved_bound; }), r.bound * (1 + 1e-9));
    at_most(record, about + fmt::format("largest gradient found in the {} networks", name),
            greatest(*runs, [](const auto& run) { return run.measured_bound; }), r.bound);
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

// ---- figures

std::vector<double> flat(double value) { return {value, value}; }

Figure::Panel error_panel(const Rivals& r, const LearnedConfig& config) {
  Figure::Panel panel{fmt::format("learned-{}-error-L{:g}", r.implicit.target, r.bound),
                      fmt::format("Error, L = {:g}", r.bound),
                      "iteration t",
                      "relative L2 error, lower is better",
                      true,
                      true};
  std::vector<double> t, mean;
  for (std::int64_t i = 1; i <= config.iterations; ++i) {
    t.push_back(static_cast<double>(i));
    mean.push_back(mean_of(at_time(r.implicit_runs, &MeasuredNetwork::error, static_cast<std::size_t>(i))));
  }
  const std::vector<double> ends{1, static_cast<double>(config.iterations)};
  panel.lines = {line(fmt::format("implicit, width {}", r.implicit.options.width), t, mean),
                 line(fmt::format("explicit, width {}", r.rival.options.width), ends,
                      flat(mean_of(at_time(r.rival_runs, &MeasuredNetwork::error, 0)))),
                 line("best L-Lipschitz function", ends, flat(r.best_error))};
  panel.marks = {{static_cast<double>(config.depth), "training depth"}};
  return panel;
}

Figure::Panel map_panel(const Rivals& r) {
  const Probed& test = r.points.test;
  const std::vector<double> F = drawn_values(test, r.points.test_F);
  Figure::Panel panel{fmt::format("learned-{}-map-L{:g}", r.implicit.target, r.bound),
                      fmt::format("y_t over F, L = {:g}", r.bound), "x", "output"};
  panel.log_x = spans_decades(test.place);
  panel.lines.push_back(drawn_line("F", test, F));
  const MeasuredNetwork& first = r.implicit_runs.front();
  for (std::size_t k = 0; k < first.drawn.size(); ++k) {
    panel.lines.push_back(
        drawn_line(fmt::format("t = {}", first.drawn_t[k]), test, drawn_values(test, first.drawn[k])));
  }
  panel.lines.push_back(drawn_line("explicit", test, drawn_values(test, r.rival_runs.front().drawn.front())));
  return panel;
}

Figure::Panel lipschitz_panel(const std::vector<Rivals>& all, const LearnedConfig& config) {
  Figure::Panel panel{fmt::format("learned-{}-lipschitz", all.front().implicit.target),
                      "Lipschitz constant of y_t",
                      "iteration t",
                      "over the test pairs",
                      true,
                      true};
  for (const Rivals& r : all) {
    std::vector<double> t, mean;
    for (std::int64_t i = 1; i <= config.iterations; ++i) {
      t.push_back(static_cast<double>(i));
      mean.push_back(mean_of(at_time(r.implicit_runs, &MeasuredNetwork::lipschitz, static_cast<std::size_t>(i))));
    }
    panel.lines.push_back(line(fmt::format("implicit, L = {:g}", r.bound), t, mean));
  }
  const Rivals& r = all.front();
  const double of_F = lipschitz(r.points.test, r.points.test_F);
  panel.levels = {{of_F, "F: " + short_number(of_F)}};
  return panel;
}

std::string numbers_of(const Rivals& r, const LearnedConfig& config) {
  std::vector<std::string> errors;
  for (const std::int64_t t : drawn_times(config)) {
    errors.push_back(
        fmt::format("{:.3g}", mean_of(at_time(r.implicit_runs, &MeasuredNetwork::error, static_cast<std::size_t>(t)))));
  }
  return fmt::format(" L = {:g}: {} against {:.3g}, the best function has {:.3g};", r.bound,
                     fmt::format("{}", fmt::join(errors, ", ")),
                     mean_of(at_time(r.rival_runs, &MeasuredNetwork::error, 0)), r.best_error);
}

std::string error_caption(const std::vector<Rivals>& all, const LearnedConfig& config) {
  std::string text = fmt::format(
      "Learned at a fixed Lipschitz budget on F = {}: every network is L-Lipschitz in its arguments, proved layer by "
      "layer. "
      "Predicted: an explicit network cannot be steeper than L, whatever its width, and stays above the error of the "
      "best "
      "L-Lipschitz function; the implicit one, with a quarter of the width, fits the steep parts as t grows. Measured, "
      "implicit at t = {} against explicit, mean of {} training{}:",
      all.front().formula, fmt::join(drawn_times(config), ", "), all.front().implicit_runs.size(),
      all.front().implicit_runs.size() == 1 ? "" : "s");
  for (const Rivals& r : all) text += numbers_of(r, config);
  text.back() = '.';
  return text;
}

std::string map_caption(const std::vector<Rivals>& all, const LearnedConfig& config) {
  std::string text = fmt::format(
      "The maps of the first training. Predicted: y_1 is as simple as one step allows, y_t steeper with every step. "
      "Measured: the Lipschitz constant of y_{} is",
      config.depth);
  for (const Rivals& r : all) {
    text += fmt::format(
        " {:.3g} for L = {:g},",
        mean_of(at_time(r.implicit_runs, &MeasuredNetwork::lipschitz, static_cast<std::size_t>(config.depth))),
        r.bound);
  }
  text.back() = '.';
  return text +
         fmt::format(" L = {:g}, first training: {}", all.front().bound, all.front().implicit_runs.front().verdict);
}

void append_figures(const std::vector<Rivals>& all, const LearnedConfig& config, base::StudyRecord& record) {
  Figure errors{.section = "Learned: F = " + all.front().formula, .caption = error_caption(all, config)};
  Figure maps{.section = errors.section, .caption = map_caption(all, config)};
  for (const Rivals& r : all) {
    errors.panels.push_back(error_panel(r, config));
    maps.panels.push_back(map_panel(r));
  }
  maps.panels.push_back(lipschitz_panel(all, config));
  record.figures.push_back(std::move(errors));
  record.figures.push_back(std::move(maps));
}

MeasuredNetwork measured(const Config& config, const Run& run, const NetworkSpec& spec, const LearnedPoints& points,
                         std::int64_t k) {
  const std::uint64_t seed = run.seed + static_cast<std::uint64_t>(k);
  const TrainedNetwork trained = load_network(config, network_file(run.folder, spec, seed), spec, seed);
  MeasuredNetwork m = measure_network(config.learned, trained, points);
  return m;
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

}  // namespace

MeasuredNetwork measure_network(const LearnedConfig& config, const TrainedNetwork& trained,
                                const LearnedPoints& points) {
  const Network& network = *trained.network;
  trained.network->to(at::kDouble);
  MeasuredNetwork m{.train_loss = trained.train_loss, .seconds = trained.seconds, .lr = trained.lr};
  m.parameters = network.parameter_count();
  m.proved_bound = network.proved_bound();
  m.measured_bound = largest_gradient(network, points);
  if (network.implicit()) {
    measure_iterates(config, network, points, m);
    m.verdict = verdict_of(config, network, points);
    return m;
  }
  const Tensor output = network.forward(points.test.x);
  m.error = {relative_error(output, points.test_F)};
  m.lipschitz = {lipschitz(points.test, output)};
  m.drawn = {output};
  return m;
}

void append_learned(const Config& config, const Run& run, base::StudyRecord& record) {
  const std::vector<NetworkSpec> networks = networks_of(config);
  std::vector<Rivals> of_target;
  for (std::size_t i = 0; i + 1 < networks.size(); i += 2) {
    of_target.push_back(measure_rivals(config, run, networks[i], networks[i + 1]));
    append_rivals(of_target.back(), config.learned, record);
    const bool last = i + 2 >= networks.size() || networks[i + 2].target != networks[i].target;
    if (!last) continue;
    append_figures(of_target, config.learned, record);
    of_target.clear();
  }
}

}  // namespace fathom::theory
