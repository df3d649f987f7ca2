// Training of the study's models, model by model: the looped one on every seed, then its explicit rivals with the same
// puzzles and as many updates. Every update draws its size and its puzzles from (seed, stage, step) alone.
#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/domain/puzzle/draw.h"
#include "fathom/domain/puzzle/losses.h"
#include "fathom/domain/puzzle/run.h"
#include "fathom/domain/puzzle/run_files.h"
#include "fathom/train/fit.h"

namespace fathom::puzzle {

namespace {

// One pass of training as it is made: its name, and the time it is given instead of a number of updates.
struct Stage {
  std::string name;
  StageConfig config;
  double seconds = 0;  // 0: config.updates say when it ends
};

train::FitOptions fit_options(const Stage& named) {
  const StageConfig& stage = named.config;
  train::FitOptions options;
  options.steps = named.seconds > 0 ? 1 : stage.updates;
  options.least_seconds = named.seconds;
  options.adam.lr = stage.lr;
  options.schedule = "cosine";
  options.warmup = stage.warmup;
  options.keep = "last";
  options.clip_norm = stage.clip_norm;
  return options;
}

// What one model's training needs besides its stages.
struct Job {
  const Config& config;
  const Run& run;
  const ModelSpec& spec;
  std::uint64_t seed;
};

// The stages of the task, or the one with the loss that is compared.
std::vector<Stage> stages_of(const Job& job) {
  const TaskConfig& task = job.config.chosen();
  if (job.spec.loss.empty()) {
    std::vector<Stage> stages{{"stage1", task.stage1}};
    if (task.stage2.updates > 0) stages.push_back({"stage2", task.stage2});
    return stages;
  }
  Stage only{"stage1", task.stage1, task.loss_seconds};
  only.config.loss = job.spec.loss;
  return {only};
}

Batch batch_of(const Job& job, const Stage& stage, std::int64_t step) {
  const std::uint64_t seed = base::stream_seed(job.seed, "train " + stage.name, static_cast<std::uint64_t>(step));
  base::Random random(seed);
  const std::int64_t size = stage.config.sizes[random.below(stage.config.sizes.size())];
  const Drawing how{.split = Split::train, .far_ends = stage.config.far_ends};
  return make_batch(draw(job.spec.task, stage.config.batch, size, seed, how), job.run.device);
}

Tensor loss_at(const Job& job, const Model& model, const Stage& stage, std::int64_t step) {
  const Batch batch = batch_of(job, stage, step);
  if (!model.implicit()) return loss_of(model.forward(batch.x, 0), batch.target);
  return looped_loss(job.config, stage.config, dynamic_cast<const LoopedNet&>(model), batch, job.seed, step);
}

train::FitResult fit_stage(const Job& job, const Model& model, const Stage& stage) {
  const RunFiles files(job.run.folder);
  const train::Task task{.name = fmt::format("{} seed {} {}", job.spec.name, job.seed, stage.name),
                         .parameters = train::named_parameters(model),
                         .loss = [&](std::int64_t step) { return loss_at(job, model, stage, step); }};
  const std::string stem = fmt::format("{}-{}", model_stem(job.spec.name, job.seed), stage.name);
  return train::fit(task, fit_options(stage),
                    {.checkpoint = files.training(stem + ".checkpoint"),
                     .log = files.training(stem + ".jsonl"),
                     .events = files.events(),
                     .resume = true},
                    job.run.stop);
}

// Trains one model through its stages and writes its file. False: interrupted.
bool train_one(const Job& job) {
  const std::shared_ptr<Model> model = make_model(job.spec, job.seed);
  model->to(job.run.device);
  std::vector<train::FitResult> results;
  for (const Stage& stage : stages_of(job)) {
    results.push_back(fit_stage(job, *model, stage));
    if (results.back().status == train::FitStatus::interrupted) return false;
  }
  Config config = job.config;
  save_trained(RunFiles(job.run.folder).model(job.spec.name, job.seed), job.spec, *model, results, job.seed,
               base::to_toml(base::fields_of(config)));
  return true;
}

}  // namespace

bool train_models(const Config& config, const Run& run) {
  config.check();
  const RunFiles files(run.folder);
  if (!run.resume) files.clear_training();
  for (const ModelSpec& spec : models_of(config)) {
    for (std::int64_t k = 0; k < run.seeds; ++k) {
      const Job job{config, run, spec, run.seed + static_cast<std::uint64_t>(k)};
      if (std::filesystem::exists(files.model(spec.name, job.seed))) {
        base::info("{} is trained already: {}", spec.name, files.model(spec.name, job.seed).string());
        continue;
      }
      if (!train_one(job)) return false;
    }
  }
  return true;
}

}  // namespace fathom::puzzle
