#include "fathom/domain/puzzle/measure_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "fathom/base/seed.h"
#include "fathom/domain/puzzle/draw.h"
#include "fathom/domain/puzzle/model.h"
#include "fathom/domain/puzzle/perturb.h"
#include "fathom/domain/puzzle/restarts.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/measure/path_independence.h"
#include "fathom/measure/summary.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/study/unroll.h"

namespace fathom::puzzle {

namespace {

using base::Curve;

double mean_of(const std::vector<double>& values) { return measure::summarize(values).mean; }

// What a walk of the block leaves at the listed iterations.
struct Walk {
  std::vector<Tensor> states, logits;
  std::vector<std::vector<double>> residual;
};

Walk walk(const LoopedNet& model, const Tensor& x, const std::vector<std::int64_t>& listed) {
  Walk w;
  const study::Probe keep{"", "", [&](std::int64_t t, const State& h, const State& next) {
                            if (!std::binary_search(listed.begin(), listed.end(), t)) return std::vector<double>{};
                            w.states.push_back(h.only());
                            w.logits.push_back(model.read_out(h.only()));
                            w.residual.push_back(measure::rel_l2(h.flat(), next.flat()));
                            return std::vector<double>{};
                          }};
  study::unroll(model.map(x), model.start(x), listed.back(), "", {keep});
  return w;
}

template <class Measure>
Curve curve_of(const std::string& model, const std::string& quantity, const std::string& group,
               const std::vector<std::int64_t>& t, Measure measure) {
  Curve curve{model, quantity, group, {}, {}, {}, {}};
  for (std::size_t i = 0; i < t.size(); ++i) study::add_point(curve, static_cast<double>(t[i]), measure(i));
  return curve;
}

// Of zeros and ones, whose spread says no more than their mean does.
template <class Measure>
Curve curve_of_fraction(const std::string& model, const std::string& quantity, const std::string& group,
                        const std::vector<std::int64_t>& t, Measure measure) {
  return curve_of(model, quantity, group, t, [&](std::size_t i) { return std::vector<double>{mean_of(measure(i))}; });
}

solve::Stop exit_rule(const StudyConfig& study) {
  const std::int64_t most = std::max<std::int64_t>(1, study.iterations.back());
  return {.rtol = study.exit_rtol, .max_iter = most, .patience = most};
}

// The looped model on the puzzles of one size.
class Looped {
 public:
  Looped(const StudyConfig& study, const Trained& trained, const TestSet& test)
      : study_(study), trained_(trained), model_(dynamic_cast<const LoopedNet&>(*trained.model)), test_(test) {}

  void append_curves(std::vector<Curve>& curves) const {
    const std::string& name = trained_.spec.name;
    const std::string group = std::to_string(test_.size);
    const std::vector<std::int64_t>& t = study_.iterations;
    const Walk w = walk(model_, test_.batch.x, t);
    curves.push_back(curve_of_fraction(name, "exact_match", group, t,
                                       [&](std::size_t i) { return exact_match(w.logits[i], test_.batch.target); }));
    curves.push_back(curve_of(name, "cell_accuracy", group, t,
                              [&](std::size_t i) { return cell_accuracy(w.logits[i], test_.batch.target); }));
    curves.push_back(curve_of(name, "residual", group, t, [&](std::size_t i) { return w.residual[i]; }));
    const Walk clean = walk(model_, test_.clean.x, t), moved = walk(model_, test_.moved.x, t);
    curves.push_back(curve_of(name, "lipschitz", group, t, [&](std::size_t i) {
      return measure::lipschitz(clean.states[i], moved.states[i], test_.clean.x, test_.moved.x);
    }));
    if (study_.breadths.empty()) return;
    const std::int64_t depth = study_.breadth_depth > 0 ? study_.breadth_depth : t.back();
    const std::vector<Tensor> wide = answers_by_breadth(model_, test_.batch.x, depth, trained_.seed, study_.breadths);
    curves.push_back(curve_of_fraction(name, "exact_match by breadth", group, study_.breadths,
                                       [&](std::size_t i) { return exact_match(wide[i], test_.batch.target); }));
  }

  Solution exit() const {
    return solve::fixed_point(model_.map(test_.batch.x), model_.start(test_.batch.x), solve::Picard{},
                              exit_rule(study_));
  }
  double exact_at(const Solution& solution) const {
    return mean_of(exact_match(model_.read_out(solution.y.only()), test_.batch.target));
  }

  // Outer norm: every cell's state has the length sqrt(width), and so do the random starts on the mean.
  void append_path_independence(base::ModelResult& result) const {
    const State start = model_.start(test_.batch.x);
    const double radius = std::sqrt(static_cast<double>(start.width()));
    const measure::PathIndependence score =
        measure::path_independence(model_.map(test_.batch.x), measure::random_starts(start, study_.starts, radius),
                                   solve::Picard{}, exit_rule(study_));
    const std::vector<double> converged(score.converged.begin(), score.converged.end());
    result.extra["path distance"] = mean_of(score.distance);
    result.extra["starts that converge"] = mean_of(converged) / static_cast<double>(study_.starts);
  }

 private:
  const StudyConfig& study_;
  const Trained& trained_;
  const LoopedNet& model_;
  const TestSet& test_;
};

void measure_looped(const TaskConfig& task, const Trained& trained, const std::vector<TestSet>& tests, Measured& m) {
  Curve exits{trained.spec.name, "exit iterations by size", "all", {}, {}, {}, {}};
  for (const TestSet& test : tests) {
    const Looped looped(task.study, trained, test);
    looped.append_curves(m.curves);
    const Solution solution = looped.exit();
    study::add_point(exits, static_cast<double>(test.size),
                     std::vector<double>(solution.iterations.begin(), solution.iterations.end()));
    if (&test == &tests.front()) looped.append_path_independence(m.result);
    if (&test != &tests.back()) continue;
    m.result.extra["exit iterations"] = exits.mean.back();
    m.result.extra["exact match at exit"] = looped.exact_at(solution);
    m.result.extra["exits that converge"] =
        static_cast<double>(solution.count(solve::Status::converged)) / static_cast<double>(test.batch.x.size(0));
  }
  m.curves.push_back(std::move(exits));
}

// An explicit network answers once: its curves are flat and given by their ends.
void measure_deep(const TaskConfig& task, const Trained& trained, const std::vector<TestSet>& tests, Measured& m) {
  std::vector<std::int64_t> ends{task.study.iterations.front()};
  if (task.study.iterations.size() > 1) ends.push_back(task.study.iterations.back());
  for (const TestSet& test : tests) {
    const Tensor logits = trained.model->forward(test.batch.x, 0);
    const std::string group = std::to_string(test.size);
    m.curves.push_back(curve_of_fraction(trained.spec.name, "exact_match", group, ends,
                                         [&](std::size_t) { return exact_match(logits, test.batch.target); }));
    m.curves.push_back(curve_of(trained.spec.name, "cell_accuracy", group, ends,
                                [&](std::size_t) { return cell_accuracy(logits, test.batch.target); }));
  }
}

double last_exact_match(const Measured& m, const TestSet& test) {
  for (const Curve& curve : m.curves) {
    if (curve.quantity == "exact_match" && curve.group == std::to_string(test.size)) return curve.mean.back();
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<TestSet> test_sets(const Config& config, const Run& run) {
  const StudyConfig& study = config.chosen().study;
  std::vector<TestSet> tests;
  for (const std::int64_t size : study.sizes) {
    const std::uint64_t seed = base::stream_seed(run.seed, "test", static_cast<std::uint64_t>(size));
    const Instances all = draw(config.task, study.samples, size, seed, {.split = Split::held_out});
    const Instances few =
        draw(config.task, std::min(study.perturbed, study.samples), size, seed, {.split = Split::held_out});
    tests.push_back({size, make_batch(all, run.device), make_batch(few, run.device),
                     make_batch(perturbed(config.task, few, seed), run.device)});
  }
  return tests;
}

Measured measure(const TaskConfig& task, const Trained& trained, const std::vector<TestSet>& tests) {
  at::NoGradGuard no_grad;
  Measured m;
  m.result = {.name = trained.spec.name,
              .kind = trained.spec.kind,
              .parameters = parameter_count(trained.spec.options),
              .metric = "exact_match"};
  m.result.seconds_train = trained.seconds;
  m.result.seed = trained.seed;
  if (task.loss_seconds > 0) m.result.extra["updates"] = trained.loss_step.back();
  trained.model->implicit() ? measure_looped(task, trained, tests, m) : measure_deep(task, trained, tests, m);
  m.result.train = last_exact_match(m, tests.front());
  m.result.test = last_exact_match(m, tests.back());
  m.curves.push_back({trained.spec.name, "training loss", "all", trained.loss_step, trained.loss,
                      std::vector<double>(trained.loss.size(), 0.0), trained.loss});
  return m;
}

}  // namespace fathom::puzzle
