// Training of the study's networks, one after the other: the implicit one, then its explicit rivals, all with the same
// flows in the same order, as many updates and a step size chosen for each by the same trials.
#include <algorithm>
#include <limits>
#include <numeric>

#include <ATen/TensorOperators.h>

#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/domain/pde/losses.h"
#include "fathom/domain/pde/run.h"
#include "fathom/domain/pde/run_files.h"
#include "fathom/domain/pde/symmetry.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/fit.h"

namespace fathom::pde {

namespace {

// The training flows in batches: every pass goes through all of them in an order of its own.
class Batches {
 public:
  Batches(const FlowSet& set, const Scaling& scaling, const Config& config, const Run& run, std::uint64_t seed)
      : x_(set.forcing.to(run.device)),
        y_((set.vorticity / scaling.vorticity).to(run.device)),
        scaling_(scaling),
        config_(config),
        size_(std::min(config.train.batch, set.size())),
        seed_(seed) {}

  std::int64_t in_a_pass() const { return (x_.size(0) + size_ - 1) / size_; }

  // (input, target)
  std::pair<Tensor, Tensor> of_step(std::int64_t step) const {
    const std::vector<std::int64_t> order = order_of(step / in_a_pass());
    const std::int64_t first = step % in_a_pass() * size_, last = std::min(first + size_, x_.size(0));
    const std::vector<std::int64_t> chosen(order.begin() + first, order.begin() + last);
    const Tensor rows = tensor::from_int64s(chosen, {last - first}).to(x_.device());
    const ForcedFlow flow = mirrored({x_.index_select(0, rows), y_.index_select(0, rows)}, symmetry_of(step));
    return {network_input(flow.forcing, scaling_, config_.network.coordinates), flow.vorticity};
  }

 private:
  std::vector<std::int64_t> order_of(std::int64_t pass) const {
    std::vector<std::int64_t> order(static_cast<std::size_t>(x_.size(0)));
    std::iota(order.begin(), order.end(), 0);
    base::Random random(base::stream_seed(seed_, "order", static_cast<std::uint64_t>(pass)));
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    return order;
  }

  // A flow on an oblong grid has no image that exchanges x and y.
  std::int64_t symmetry_of(std::int64_t step) const {
    if (!config_.train.symmetries) return 0;
    base::Random random(base::stream_seed(seed_, "symmetry", static_cast<std::uint64_t>(step)));
    return static_cast<std::int64_t>(random.below(y_.size(1) == y_.size(2) ? kSymmetries : kSymmetries / 2));
  }

  Tensor x_, y_;
  Scaling scaling_;
  const Config& config_;
  std::int64_t size_;
  std::uint64_t seed_;
};

// What one network's training needs.
struct Job {
  const Config& config;
  const Run& run;
  const ModelSpec& spec;
  std::uint64_t seed;
  const Batches& batches;
};

// With what is added to the loss, per flow; undefined: nothing.
PhantomAnswer implicit_answer(const Config& config, const FourierModel& model, const Tensor& x, std::int64_t step) {
  const TrainConfig& train = config.train;
  if (step < train.pretrain || train.gradient == "unrolled") {
    const std::int64_t steps = step < train.pretrain ? train.pretrain_depth : train.solver_steps;
    return {equilibrium_answer(model, x, solve::Picard{}, diff::Unrolled{steps}, {}), {}};
  }
  if (config.protocol == "paper" && train.gradient == "phantom") {
    return {paper_phantom_answer(model, x, train.solver_steps, train.phantom), {}};
  }
  const solve::Stop stop{.rtol = train.rtol, .max_iter = train.solver_steps, .patience = train.solver_steps};
  if (train.gradient == "phantom") return phantom_answer(model, x, train.solver, train.phantom, stop);
  return {equilibrium_answer(model, x, train.solver, train.adjoint, stop), {}};
}

// The paper sums over the batch; a mean lets the clipping of gradients mean the same for every batch.
Tensor loss_at(const Job& job, const FourierModel& model, std::int64_t step) {
  const auto [x, y] = job.batches.of_step(step);
  const PhantomAnswer p =
      model.options().implicit() ? implicit_answer(job.config, model, x, step) : PhantomAnswer{model.forward(x), {}};
  Tensor loss = relative_loss(p.answer, y);
  if (p.drift.defined() && job.config.train.drift_weight > 0)
    loss = loss + job.config.train.drift_weight * p.drift.sum();
  return job.config.protocol == "paper" ? loss : loss / static_cast<double>(y.size(0));
}

train::FitOptions fit_options(const TrainConfig& train, double lr, std::int64_t steps) {
  train::FitOptions options;
  options.steps = steps;
  options.adam.lr = lr;
  options.adam.weight_decay = train.weight_decay;
  options.schedule = train.schedule;
  options.warmup = train.warmup;
  options.keep = "last";
  options.clip_norm = train.clip_norm;
  return options;
}

train::FitResult fit(const Job& job, const FourierModel& model, const std::string& name, double lr,
                     std::int64_t epochs) {
  const RunFiles files(job.run.folder);
  const train::Task task{.name = fmt::format("{} seed {} {}", job.spec.name, job.seed, name),
                         .parameters = train::named_parameters(model),
                         .loss = [&](std::int64_t step) { return loss_at(job, model, step); },
                         .paired = is_complex};
  const std::string stem = fmt::format("{}-{}", model_stem(job.spec.name, job.seed), name);
  return train::fit(task, fit_options(job.config.train, lr, epochs * job.batches.in_a_pass()),
                    {.checkpoint = files.training(stem + ".checkpoint"),
                     .log = files.training(stem + ".jsonl"),
                     .events = files.events(),
                     .resume = true},
                    job.run.stop);
}

std::shared_ptr<FourierModel> fresh_model(const Job& job) {
  const std::shared_ptr<FourierModel> model = make_model(job.spec.options, job.seed);
  model->to(job.run.device);
  return model;
}

// The step size with the lowest training loss after a short trial from the same start. 0: interrupted.
double choose_learning_rate(const Job& job) {
  const TrainConfig& train = job.config.train;
  if (train.learning_rates.size() == 1) return train.learning_rates.front();
  double best_lr = train.learning_rates.front(), best_loss = std::numeric_limits<double>::infinity();
  for (const double lr : train.learning_rates) {
    const train::FitResult result = fit(job, *fresh_model(job), fmt::format("trial-{}", lr), lr, train.trial_epochs);
    if (result.status == train::FitStatus::interrupted) return 0;
    if (!(train::recent_loss(result) < best_loss)) continue;
    best_loss = train::recent_loss(result);
    best_lr = lr;
  }
  return best_lr;
}

// Trains one network and writes its file. False: interrupted.
bool train_one(const Job& job, const Scaling& scaling, const FlowData& data) {
  const double lr = choose_learning_rate(job);
  if (lr == 0) return false;
  const std::shared_ptr<FourierModel> model = fresh_model(job);
  const train::FitResult result = fit(job, *model, "fit", lr, job.config.train.epochs);
  if (result.status == train::FitStatus::interrupted) return false;
  Trained trained{job.spec, model, scaling, {}};
  trained.training = {.seed = job.seed,
                      .lr = lr,
                      .seconds = result.seconds,
                      .depth = job.spec.options.implicit() ? job.config.train.solver_steps : 0,
                      .grid = data.train.grid(),
                      .viscosity = data.viscosity};
  trained.training.losses = train::thinned(result.losses);
  Config config = job.config;
  save_trained(RunFiles(job.run.folder).model(job.spec.name, job.seed), trained,
               base::to_toml(base::fields_of(config)));
  return true;
}

}  // namespace

bool train_models(const Config& config, const Run& run, const FlowData& data) {
  config.check();
  const RunFiles files(run.folder);
  if (!run.resume) files.clear_training();
  const Scaling scaling = scaling_of(data.train);
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    const std::uint64_t seed = run.seed + static_cast<std::uint64_t>(k);
    const Batches batches(data.train, scaling, config, run, seed);
    for (const ModelSpec& spec : models_of(config)) {
      if (std::filesystem::exists(files.model(spec.name, seed))) {
        base::info("{} is trained already: {}", spec.name, files.model(spec.name, seed).string());
        continue;
      }
      if (!train_one({config, run, spec, seed, batches}, scaling, data)) return false;
    }
  }
  return true;
}

}  // namespace fathom::pde
