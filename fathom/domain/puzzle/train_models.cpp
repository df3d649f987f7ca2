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

train::FitOptions fit_options(const StageConfig& stage) {
  train::FitOptions options;
  options.steps = stage.updates;
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

Batch batch_of(const Job& job, const StageConfig& stage, const std::string& name, std::int64_t step) {
  const std::uint64_t seed = base::stream_seed(job.seed, "train " + name, static_cast<std::uint64_t>(step));
  base::Random random(seed);
  const std::int64_t size = stage.sizes[random.below(stage.sizes.size())];
  return make_batch(draw(job.spec.task, stage.batch, size, seed), job.run.device);
}

Tensor loss_at(const Job& job, const Model& model, const StageConfig& stage, const std::string& name,
               std::int64_t step) {
  const Batch batch = batch_of(job, stage, name, step);
  if (!model.implicit()) return loss_of(model.forward(batch.x, 0), batch.target);
  return looped_loss(job.config, stage, dynamic_cast<const LoopedNet&>(model), batch, job.seed, step);
}

train::FitResult fit_stage(const Job& job, const Model& model, const StageConfig& stage, const std::string& name) {
  const RunFiles files(job.run.folder);
  const train::Task task{.name = fmt::format("{} seed {} {}", job.spec.name, job.seed, name),
                         .parameters = train::named_parameters(model),
                         .loss = [&](std::int64_t step) { return loss_at(job, model, stage, name, step); }};
  const std::string stem = fmt::format("{}-{}", model_stem(job.spec.name, job.seed), name);
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
  const TaskConfig& task = job.config.chosen();
  std::vector<train::FitResult> results;
  for (const auto& [name, stage] : {std::pair{"stage1", &task.stage1}, std::pair{"stage2", &task.stage2}}) {
    if (stage->updates == 0) continue;
    results.push_back(fit_stage(job, *model, *stage, name));
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
