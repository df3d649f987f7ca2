// What the trained models do on the test programs: error, residual and empirical Lipschitz constant at every number of
// iterations, a table of all models and of predictors that know nothing, and the checks of the study's claims.
#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/base/timer.h"
#include "fathom/domain/lp/baseline.h"
#include "fathom/domain/lp/batch.h"
#include "fathom/domain/lp/checks.h"
#include "fathom/domain/lp/perturb.h"
#include "fathom/domain/lp/quality.h"
#include "fathom/domain/lp/run.h"
#include "fathom/domain/lp/run_files.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/measure/summary.h"
#include "fathom/study/average.h"
#include "fathom/study/unroll.h"
#include "fathom/tensor/convert.h"

namespace fathom::lp {

namespace {

using base::Curve;

double mean_of(const std::vector<double>& values) { return measure::summarize(values).mean; }

// ||x^ - x|| / (||x|| + 1) of each program; x^, x (K*n, 1).
std::vector<double> relative_errors(const Tensor& predicted, const Batch& batch) {
  return measure::rel_l2(predicted.view({batch.programs, -1}), batch.labels.view({batch.programs, -1}), /*offset=*/1);
}

// One model's outputs x^_t on a batch, t = 0..T; an explicit model has one output, the same for every t.
std::vector<Tensor> outputs(Model& model, const Batch& batch, std::int64_t iterations) {
  at::NoGradGuard no_grad;
  if (!model.implicit()) return {model.forward(batch, 0)};
  auto& implicit = dynamic_cast<ImplicitGnn&>(model);
  const ImplicitGnn::Context context = implicit.embed(batch);
  std::vector<Tensor> all;
  const study::Probe keep{"", "", [&](std::int64_t, const State& y, const State&) {
                            all.push_back(implicit.read_out(context, y.only().reshape({-1, 1})));
                            return std::vector<double>{};
                          }};
  study::unroll(implicit.map(batch, context), implicit.start(batch), iterations, "", {keep});
  return all;
}

const Tensor& output_at(const std::vector<Tensor>& all, std::int64_t t) {
  return all[std::min<std::size_t>(static_cast<std::size_t>(t), all.size() - 1)];
}

// A curve over t = 0..T of one number per program; an explicit model's is flat and given by its two ends.
template <class Measure>
Curve curve_of(const std::string& model, const std::string& quantity, const std::string& group, std::size_t points,
               std::int64_t last, Measure measure) {
  Curve curve{model, quantity, group, {}, {}, {}, {}};
  if (points == 1) {
    const std::vector<double> values = measure(0);
    study::add_point(curve, 0, values);
    study::add_point(curve, static_cast<double>(last), values);
    return curve;
  }
  for (std::size_t t = 0; t < points; ++t) study::add_point(curve, static_cast<double>(t), measure(t));
  return curve;
}

// The test programs that are perturbed, in their clean form, and their perturbed twins by what was changed.
struct Perturbations {
  Batch clean;
  struct Group {
    std::string name;
    Batch batch;
    std::vector<double> size;  // ||x' - x|| per program
  };
  std::vector<Group> groups;
};

Perturbations perturb_all(const Config& config, const Run& run, const Dataset& test) {
  const std::int64_t count =
      std::min<std::int64_t>(config.study.perturbed, static_cast<std::int64_t>(test.instances.size()));
  const std::vector<Instance> clean(test.instances.begin(), test.instances.begin() + count);
  const BatchOptions options{.bound_flags = config.bound_flags, .dtype = at::kDouble};
  Perturbations all{to_device(make_batch(clean, {}, options), run.device), {}};
  for (const Target target : kTargets) {
    const std::string name(to_string(target));
    std::vector<Instance> moved;
    std::vector<double> size;
    for (std::int64_t k = 0; k < count; ++k) {
      const std::uint64_t seed = base::stream_seed(run.seed, "perturb " + name, static_cast<std::uint64_t>(k));
      Perturbed twin = perturb(clean[k], target, config.study.perturbation, seed);
      moved.push_back(std::move(twin.instance));
      size.push_back(twin.size);
    }
    all.groups.push_back({name, to_device(make_batch(moved, {}, options), run.device), std::move(size)});
  }
  return all;
}

std::shared_ptr<Model> in_double(const Trained& trained) {
  at::NoGradGuard no_grad;
  const std::shared_ptr<Model> model = make_model(trained.spec, trained.seed);
  const std::vector<Tensor> from = trained.model->parameters(), to = model->parameters();
  for (std::size_t i = 0; i < to.size(); ++i) Tensor(to[i]).copy_(from[i]);
  model->to(from[0].device(), at::kDouble);
  return model;
}

// ||x^_t(p') - x^_t(p)|| / ||p' - p|| per program. In float64: the perturbation is near float32's own rounding.
std::vector<Curve> lipschitz_curves(const Trained& trained, const Perturbations& perturbations,
                                    std::int64_t iterations) {
  const std::shared_ptr<Model> model = in_double(trained);
  const std::vector<Tensor> clean = outputs(*model, perturbations.clean, iterations);
  std::vector<Curve> curves;
  for (const Perturbations::Group& group : perturbations.groups) {
    const std::vector<Tensor> moved = outputs(*model, group.batch, iterations);
    curves.push_back(curve_of(trained.spec.name, "lipschitz", group.name, clean.size(), iterations, [&](std::size_t t) {
      const std::vector<std::int64_t> rows = {group.batch.programs, -1};
      return measure::lipschitz(measure::distance(clean[t].view(rows), moved[t].view(rows)), group.size);
    }));
  }
  return curves;
}

Curve residual_curve(const Trained& trained, const Batch& batch, std::int64_t iterations) {
  at::NoGradGuard no_grad;
  auto& implicit = dynamic_cast<ImplicitGnn&>(*trained.model);
  const ImplicitGnn::Context context = implicit.embed(batch);
  return study::unroll(implicit.map(batch, context), implicit.start(batch), iterations, trained.spec.name,
                       {study::relative_residual()})[0];
}

Curve training_curve(const Trained& trained) {
  return {trained.spec.name, "training loss", "all",
          trained.loss_step, trained.loss,    std::vector<double>(trained.loss.size(), 0.0),
          trained.loss};
}

study::Measured measure(const Config& config, const Trained& trained, const Dataset& test_data, const Batch& train,
                        const Batch& test, const Perturbations& perturbations) {
  const std::int64_t last = config.study.iterations;
  Model& model = *trained.model;
  const std::vector<Tensor> on_test = outputs(model, test, std::max(last, config.study.test_iterations));
  const Tensor& predicted = output_at(on_test, config.study.test_iterations);
  study::Measured m;
  m.result = {
      .name = trained.spec.name, .kind = trained.spec.kind, .parameters = parameter_count(model), .metric = "rel_l2"};
  m.result.train = mean_of(relative_errors(
      output_at(outputs(model, train, config.study.test_iterations), config.study.test_iterations), train));
  m.result.test = mean_of(relative_errors(predicted, test));
  m.result.seconds_train = trained.seconds_stage1 + trained.seconds_stage2;
  m.result.seed = trained.seed;
  const Quality quality = quality_of(test_data, tensor::to_doubles(predicted));
  m.result.extra = {{"objective gap", quality.objective_gap},
                    {"infeasibility", quality.infeasibility},
                    {"learning rate", trained.lr}};
  const std::size_t points = std::min<std::size_t>(on_test.size(), static_cast<std::size_t>(last) + 1);
  m.curves.push_back(curve_of(trained.spec.name, "error", "all", points, last,
                              [&](std::size_t t) { return relative_errors(on_test[t], test); }));
  if (model.implicit()) m.curves.push_back(residual_curve(trained, test, last));
  for (Curve& curve : lipschitz_curves(trained, perturbations, last)) m.curves.push_back(std::move(curve));
  m.curves.push_back(training_curve(trained));
  return m;
}

void append_baselines(const Splits& data, base::StudyRecord& record) {
  for (const Baseline baseline : kBaselines) {
    base::ModelResult result{.name = std::string(to_string(baseline)), .kind = "baseline", .metric = "rel_l2"};
    std::vector<double> predicted;
    for (const Instance& instance : data.test.instances) {
      const std::vector<double> x = predict(baseline, instance);
      predicted.insert(predicted.end(), x.begin(), x.end());
    }
    result.train = baseline_error(baseline, data.train);
    result.test = baseline_error(baseline, data.test);
    const Quality quality = quality_of(data.test, predicted);
    result.extra = {{"objective gap", quality.objective_gap}, {"infeasibility", quality.infeasibility}};
    record.models.push_back(std::move(result));
  }
}

}  // namespace

base::StudyRecord evaluate(const Config& config, const Run& run, const Splits& data) {
  config.check();
  const RunFiles files(run.folder);
  const base::Timer timer;
  const BatchOptions options{.bound_flags = config.bound_flags};
  const Batch train = to_device(make_batch(data.train.instances, data.train.solutions, options), run.device);
  const Batch test = to_device(make_batch(data.test.instances, data.test.solutions, options), run.device);
  const Perturbations perturbations = perturb_all(config, run, data.test);
  base::StudyRecord record;
  record.domain = "lp";
  record.protocol = config.data.protocol;
  record.seed = run.seed;
  record.train_samples = train.programs;
  record.test_samples = test.programs;
  record.data_sha256 = data.sha256;
  record.statistics = data.statistics;
  record.statistics["training_depth"] = static_cast<double>(models_of(config).front().depth);
  record.statistics["test_iterations"] = static_cast<double>(config.study.test_iterations);
  for (const ModelSpec& spec : models_of(config)) {
    std::vector<study::Measured> runs;
    for (std::int64_t k = 0; k < run.seeds; ++k) {
      Trained trained = load_trained(files.model(spec.name, run.seed + static_cast<std::uint64_t>(k)));
      trained.model->to(run.device);
      runs.push_back(measure(config, trained, data.test, train, test, perturbations));
    }
    record.models.push_back(study::average(runs));
    for (Curve& curve : study::average_curves(runs)) record.curves.push_back(std::move(curve));
  }
  append_baselines(data, record);
  append_checks(record);
  record.seconds = timer.seconds();
  return record;
}

}  // namespace fathom::lp
