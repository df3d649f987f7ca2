// Training of the study's models: the implicit one first, then its explicit rivals with the same data, the same updates
// and at least the same time, each with the best of several step sizes.
#include <algorithm>
#include <limits>

#include <ATen/ops/mse_loss.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/diff/equilibrium.h"
#include "fathom/domain/lp/batch.h"
#include "fathom/domain/lp/run.h"
#include "fathom/domain/lp/run_files.h"
#include "fathom/tensor/device.h"
#include "fathom/train/fit.h"
#include "fathom/train/tensor_file.h"

namespace fathom::lp {

namespace {

// Losses above five times the best reload the best weights at a slightly smaller step (the paper's recipe).
constexpr double kRollbackFactor = 5;

train::FitOptions fit_options(const StageConfig& stage, double lr, double least_seconds) {
  train::FitOptions options;
  options.steps = stage.epochs;
  options.adam.lr = lr;
  options.schedule = stage.schedule;
  options.rollback_factor = kRollbackFactor;
  options.least_seconds = least_seconds;
  return options;
}

// What one model's training needs besides its stages.
struct Job {
  const Config& config;
  const Run& run;
  const ModelSpec& spec;
  std::uint64_t seed;
  const Batch& batch;
};

std::int64_t depth_of_step(const StageConfig& stage, std::uint64_t seed, std::int64_t step) {
  if (stage.least_depth <= 0 || stage.least_depth >= stage.depth) return stage.depth;
  base::Random random(base::stream_seed(seed, "depth", static_cast<std::uint64_t>(step)));
  return stage.least_depth +
         static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(stage.depth - stage.least_depth + 1)));
}

Tensor prediction(const Job& job, Model& model, const StageConfig& stage, std::int64_t step) {
  if (stage.gradient == "unrolled" || !model.implicit()) {
    return model.forward(job.batch, depth_of_step(stage, job.seed, step));
  }
  auto& implicit = dynamic_cast<ImplicitGnn&>(model);
  const ImplicitGnn::Context context = implicit.embed(job.batch);
  const solve::Stop stop{.rtol = 1e-4, .max_iter = stage.depth};
  const diff::Equilibrium equilibrium = diff::equilibrium(implicit.map(job.batch, context), implicit.start(job.batch),
                                                          job.config.solver.solver(), job.config.adjoint, stop);
  return implicit.read_out(context, equilibrium.y.only().reshape({-1, 1}));
}

train::FitResult fit_stage(const Job& job, Model& model, const StageConfig& stage, const std::string& name,
                           const train::FitOptions& options) {
  const RunFiles files(job.run.folder);
  train::Task task{
      .name = fmt::format("{} seed {} {}", job.spec.name, job.seed, name),
      .parameters = train::named_parameters(model),
      .loss = [&](std::int64_t step) { return at::mse_loss(prediction(job, model, stage, step), job.batch.labels); }};
  const std::string stem = fmt::format("{}-{}", model_stem(job.spec.name, job.seed), name);
  return train::fit(task, options,
                    {.checkpoint = files.training(stem + ".checkpoint"),
                     .log = files.training(stem + ".jsonl"),
                     .events = files.events(),
                     .resume = true},
                    job.run.stop);
}

// The step size with the lowest training loss after a short trial from the same start. 0: interrupted.
double choose_learning_rate(const Job& job) {
  StageConfig trial = job.config.stage1;
  trial.epochs = job.config.rivals.trial_epochs;
  double best_lr = 0, best_loss = std::numeric_limits<double>::infinity();
  for (const double lr : job.config.rivals.learning_rates) {
    const std::shared_ptr<Model> model = make_model(job.spec, job.seed);
    const train::FitResult result =
        fit_stage(job, *model, trial, fmt::format("trial-{}", lr), fit_options(trial, lr, 0));
    if (result.status == train::FitStatus::interrupted) return 0;
    if (result.best_loss < best_loss) {
      best_loss = result.best_loss;
      best_lr = lr;
    }
  }
  return best_lr;
}

// Seconds of training the rivals must be given: those of the implicit model's stages.
struct Spent {
  double stage1 = 0, stage2 = 0;
};

// Trains one model through both stages and writes its file. False: interrupted.
bool train_one(const Job& job, Spent& spent) {
  const RunFiles files(job.run.folder);
  const bool implicit = job.spec.kind == "implicit";
  const Config& config = job.config;
  double lr = config.stage1.lr;
  if (!implicit && (lr = choose_learning_rate(job)) == 0) return false;
  const Spent least = implicit || !config.rivals.equal_time ? Spent{} : spent;
  const std::shared_ptr<Model> model = make_model(job.spec, job.seed);

  const train::FitResult first =
      fit_stage(job, *model, config.stage1, "stage1", fit_options(config.stage1, lr, least.stage1));
  if (first.status == train::FitStatus::interrupted) return false;
  const double second_lr = lr * config.stage2.lr / config.stage1.lr;
  const train::FitResult second =
      fit_stage(job, *model, config.stage2, "stage2", fit_options(config.stage2, second_lr, least.stage2));
  if (second.status == train::FitStatus::interrupted) return false;

  if (implicit) spent = {first.seconds, second.seconds};
  save_trained(
      files.model(job.spec.name, job.seed), job.spec, *model,
      {.first = first, .second = second, .lr = lr, .p_infinite = config.data.generate.p_infinite, .seed = job.seed});
  return true;
}

}  // namespace

bool train_models(const Config& config, const Run& run, const Splits& data) {
  const RunFiles files(run.folder);
  if (!run.resume) files.clear_training();
  const Batch batch = to_device(
      make_batch(data.train.instances, data.train.solutions, {.bound_flags = config.bound_flags}), run.device);
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    Spent spent;
    for (const ModelSpec& spec : models_of(config)) {
      const Job job{config, run, spec, run.seed + static_cast<std::uint64_t>(k), batch};
      if (std::filesystem::exists(files.model(spec.name, job.seed))) {
        const Trained trained = load_trained(files.model(spec.name, job.seed));
        if (spec.kind == "implicit") spent = {trained.seconds_stage1, trained.seconds_stage2};
        base::info("{} is trained already: {}", spec.name, files.model(spec.name, job.seed).string());
        continue;
      }
      if (!train_one(job, spent)) return false;
    }
  }
  return true;
}

}  // namespace fathom::lp
