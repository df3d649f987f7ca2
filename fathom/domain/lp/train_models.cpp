// Training of the study's models: the implicit one first, then its explicit rivals with the same data, the same updates
// and at least the same time, each with the best of several step sizes.
#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

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
  options.adam.lr = lr;
  options.schedule = stage.schedule;
  options.clip_norm = stage.clip_norm;
  options.least_seconds = least_seconds;
  if (stage.batch > 0) {
    options.keep = "last";
  } else {
    options.rollback_factor = kRollbackFactor;
  }
  return options;
}

// The training programs as the updates of one stage see them. Which programs share a batch is fixed; the order of the
// batches is drawn anew for every pass.
class Batches {
 public:
  Batches(const Config& config, const Run& run, const Dataset& programs, const StageConfig& stage, std::uint64_t seed)
      : seed_(seed) {
    const std::size_t count = programs.instances.size();
    const std::size_t size = stage.batch > 0 ? std::min(static_cast<std::size_t>(stage.batch), count) : count;
    for (std::size_t first = 0; first < count; first += size) {
      const std::size_t some = std::min(size, count - first);
      batches_.push_back(
          to_device(make_batch(std::span(programs.instances).subspan(first, some),
                               std::span(programs.solutions).subspan(first, some), {.bound_flags = config.bound_flags}),
                    run.device));
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(batches_.size()); }

  const Batch& of_step(std::int64_t step) const {
    std::vector<std::size_t> order(batches_.size());
    std::iota(order.begin(), order.end(), 0);
    base::Random random(base::stream_seed(seed_, "order", static_cast<std::uint64_t>(step / size())));
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    return batches_[order[static_cast<std::size_t>(step % size())]];
  }

 private:
  std::uint64_t seed_;
  std::vector<Batch> batches_;
};

// What one model's training needs besides its stages.
struct Job {
  const Config& config;
  const Run& run;
  const ModelSpec& spec;
  std::uint64_t seed;
  const Dataset& programs;
  const std::string& data_sha256;
};

std::string options_text(Config config) { return base::to_toml(base::fields_of(config)); }

std::int64_t depth_of_step(const StageConfig& stage, std::uint64_t seed, std::int64_t step) {
  if (stage.least_depth <= 0 || stage.least_depth >= stage.depth) return stage.depth;
  base::Random random(base::stream_seed(seed, "depth", static_cast<std::uint64_t>(step)));
  return stage.least_depth +
         static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(stage.depth - stage.least_depth + 1)));
}

Tensor prediction(const Job& job, Model& model, const StageConfig& stage, const Batch& batch, std::int64_t step) {
  if (stage.gradient == "unrolled" || !model.implicit()) {
    return model.forward(batch, depth_of_step(stage, job.seed, step));
  }
  auto& implicit = dynamic_cast<ImplicitGnn&>(model);
  const ImplicitGnn::Context context = implicit.embed(batch);
  const solve::Stop stop{.rtol = 1e-4, .max_iter = stage.depth};
  const diff::Equilibrium equilibrium = diff::equilibrium(implicit.map(batch, context), implicit.start(batch),
                                                          job.config.solver.solver(), job.config.adjoint, stop);
  return implicit.read_out(context, equilibrium.y.only().reshape({-1, 1}));
}

train::FitResult fit_stage(const Job& job, Model& model, const StageConfig& stage, const std::string& name,
                           train::FitOptions options) {
  const RunFiles files(job.run.folder);
  const Batches batches(job.config, job.run, job.programs, stage, job.seed);
  options.steps = stage.epochs * batches.size();
  train::Task task{.name = fmt::format("{} seed {} {}", job.spec.name, job.seed, name),
                   .parameters = train::named_parameters(model),
                   .loss = [&](std::int64_t step) {
                     const Batch& batch = batches.of_step(step);
                     return at::mse_loss(prediction(job, model, stage, batch, step), batch.labels);
                   }};
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
    if (recent_loss(result) < best_loss) {
      best_loss = recent_loss(result);
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
  save_trained(files.model(job.spec.name, job.seed), job.spec, *model,
               {.first = first,
                .second = second,
                .lr = lr,
                .p_infinite = config.data.generate.p_infinite,
                .seed = job.seed,
                .config = options_text(config),
                .data_sha256 = job.data_sha256});
  return true;
}

}  // namespace

bool train_models(const Config& config, const Run& run, const Splits& data) {
  config.check();
  const RunFiles files(run.folder);
  if (!run.resume) files.clear_training();
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    Spent spent;
    for (const ModelSpec& spec : models_of(config)) {
      const Job job{config, run, spec, run.seed + static_cast<std::uint64_t>(k), data.train, data.sha256};
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
