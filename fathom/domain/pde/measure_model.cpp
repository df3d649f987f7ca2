#include "fathom/domain/pde/measure_model.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/domain/pde/flow_residual.h"
#include "fathom/domain/pde/model.h"
#include "fathom/domain/pde/predict.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/measure/summary.h"
#include "fathom/study/unroll.h"

namespace fathom::pde {

namespace {

using base::Curve;

constexpr double kOffset = 1e-9;  // of the denominators, as in the original

double mean_of(const std::vector<double>& values) { return measure::summarize(values).mean; }

void append(std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); }

// Per t, one number a sample; filled batch by batch.
using Table = std::vector<std::vector<double>>;

void append(Table& to, std::size_t t, const std::vector<double>& values) {
  if (to.size() <= t) to.resize(t + 1);
  append(to[t], values);
}

Curve curve_of(const std::string& model, const std::string& quantity, const std::string& group, const Table& table,
               std::int64_t last) {
  Curve curve{model, quantity, group, {}, {}, {}, {}};
  for (std::size_t t = 0; t < table.size(); ++t) study::add_point(curve, static_cast<double>(t + 1), table[t]);
  if (table.size() == 1 && last > 1) study::add_point(curve, static_cast<double>(last), table[0]);
  return curve;
}

FlowSet rows(const FlowSet& set, std::int64_t first, std::int64_t count) {
  count = std::min(count, set.size() - first);
  return {set.forcing.narrow(0, first, count), set.vorticity.narrow(0, first, count), {}, {}};
}

struct Accuracy {
  Table error, residual, pde_residual;
};

Accuracy accuracy(const Config& config, const Trained& trained, const FlowSet& set, std::int64_t iterations,
                  const TestFlows* with_residual) {
  Accuracy all;
  for (std::int64_t first = 0; first < set.size(); first += config.study.batch) {
    const FlowSet batch = rows(set, first, config.study.batch);
    const Walk w = walk(trained, batch.forcing, iterations, config);
    for (std::size_t t = 0; t < w.vorticity.size(); ++t) {
      const Tensor answer = w.vorticity[t].cpu();
      append(all.error, t, measure::rel_l2(answer, batch.vorticity, kOffset));
      if (!w.residual.empty()) append(all.residual, t, w.residual[t]);
      if (with_residual == nullptr) continue;
      append(all.pde_residual, t, flow_residual(with_residual->flow, batch.forcing, answer, with_residual->viscosity));
    }
  }
  return all;
}

// ||w^(f + df) - w^(f)|| / ||df|| in the units in which the test flows were perturbed.
std::vector<Curve> lipschitz_curves(const Config& config, const Trained& trained, const TestFlows& test) {
  const std::int64_t last = config.study.iterations;
  const bool paper = config.protocol == "paper";
  const Walk clean = walk(trained, test.clean, last, config);
  std::vector<Curve> curves;
  Table all(clean.vorticity.size());
  for (const TestFlows::Group& group : test.groups) {
    const Walk moved = walk(trained, group.forcing, last, config);
    Table table;
    for (std::size_t t = 0; t < clean.vorticity.size(); ++t) {
      std::vector<double> distance = measure::distance(clean.vorticity[t], moved.vorticity[t]);
      if (paper) {
        for (double& d : distance) d /= trained.scaling.vorticity;
      }
      append(table, t, measure::lipschitz(distance, group.size));
      append(all, t, table.back());
    }
    curves.push_back(curve_of(trained.spec.name, "lipschitz", group.name, table, last));
  }
  curves.push_back(curve_of(trained.spec.name, "largest lipschitz", "all", all, last));
  // The paper's L_t is the largest over flows and waves.
  curves.back().mean = curves.back().max;
  std::fill(curves.back().std.begin(), curves.back().std.end(), 0.0);
  return curves;
}

Curve training_curve(const Trained& trained) {
  const train::LossCurve& losses = trained.training.losses;
  return {trained.spec.name, "training loss", "all",
          losses.step,       losses.loss,     std::vector<double>(losses.loss.size(), 0.0),
          losses.loss};
}

}  // namespace

TestFlows test_flows(const Config& config, const FlowSet& test, double viscosity, const Scaling& scaling) {
  const bool paper = config.protocol == "paper";
  TestFlows flows{test, viscosity, Flow(test.grid()), {}, {}};
  const FlowSet some = rows(test, 0, config.study.perturbed);
  flows.clean = some.forcing;
  const std::int64_t largest = paper ? test.grid() / 2 : flows.flow.waves();
  for (const std::int64_t wave : waves_of(config.study.frequencies, largest)) {
    const Perturbation change =
        paper ? paper_perturb(some.vorticity / scaling.vorticity, 0.01, wave, config.study.perturbation)
              : perturb(flows.flow, some.vorticity, viscosity, wave, config.study.perturbation);
    const double unit = paper ? scaling.forcing : 1;
    flows.groups.push_back({fmt::format("k = {}", wave), some.forcing + change.forcing * unit,
                            measure::distance(change.forcing, change.forcing * 0),
                            measure::distance(change.vorticity, change.vorticity * 0)});
  }
  return flows;
}

study::Measured measure(const Config& config, const Trained& trained, const FlowSet& train, const TestFlows& test) {
  const std::int64_t last = config.study.iterations;
  const std::string& name = trained.spec.name;
  const Accuracy on_test = accuracy(config, trained, test.set, last, &test);
  const Accuracy on_train = accuracy(config, trained, rows(train, 0, 2 * config.study.batch), last, nullptr);
  study::Measured m;
  m.result = {.name = name,
              .kind = trained.spec.options.implicit() ? "implicit" : "explicit",
              .parameters = parameter_count(trained.spec.options),
              .metric = "rel_l2"};
  m.result.train = mean_of(on_train.error.back());
  m.result.test = mean_of(on_test.error.back());
  m.result.seconds_train = trained.training.seconds;
  m.result.seed = trained.training.seed;
  m.result.extra = {{"PDE residual", mean_of(on_test.pde_residual.back())},
                    {"blocks", static_cast<double>(trained.spec.options.depth)},
                    {"learning rate", trained.training.lr}};
  m.curves.push_back(curve_of(name, "error", "all", on_test.error, last));
  if (!on_test.residual.empty()) m.curves.push_back(curve_of(name, "residual", "all", on_test.residual, last));
  m.curves.push_back(curve_of(name, "pde residual", "all", on_test.pde_residual, last));
  for (Curve& curve : lipschitz_curves(config, trained, test)) m.curves.push_back(std::move(curve));
  m.curves.push_back(training_curve(trained));
  return m;
}

std::vector<Curve> operator_lipschitz(const Config& config, const TestFlows& test) {
  std::vector<Curve> curves;
  std::vector<double> all;
  const auto add = [&](const std::string& quantity, const std::string& group, const std::vector<double>& values) {
    curves.push_back(curve_of("solution operator", quantity, group, {values}, config.study.iterations));
  };
  for (const TestFlows::Group& group : test.groups) {
    const std::vector<double> values = measure::lipschitz(group.change, group.size);
    add("lipschitz", group.name, values);
    append(all, values);
  }
  add("largest lipschitz", "all", {*std::max_element(all.begin(), all.end())});
  return curves;
}

}  // namespace fathom::pde
