// What the trained models do on test puzzles of every size, one record.
#include "fathom/base/seed.h"
#include "fathom/base/timer.h"
#include "fathom/domain/puzzle/checks.h"
#include "fathom/domain/puzzle/draw.h"
#include "fathom/domain/puzzle/measure_model.h"
#include "fathom/domain/puzzle/model_spec.h"
#include "fathom/domain/puzzle/run.h"
#include "fathom/domain/puzzle/run_files.h"
#include "fathom/io/sha256.h"

namespace fathom::puzzle {

namespace {

std::string hash_of_tests(const Config& config, const Run& run) {
  const StudyConfig& study = config.chosen().study;
  io::Sha256 hash;
  for (const std::int64_t size : study.sizes) {
    const std::uint64_t seed = base::stream_seed(run.seed, "test", static_cast<std::uint64_t>(size));
    hash.update(sha256_of(draw(config.task, study.samples, size, seed, {.split = Split::held_out})));
  }
  return hash.hex();
}

Seeds measure_seeds(const Config& config, const Run& run, const ModelSpec& spec, const std::vector<TestSet>& tests) {
  Seeds seeds;
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    seeds.push_back(measure(
        config.chosen(),
        load_trained(RunFiles(run.folder).model(spec.name, run.seed + static_cast<std::uint64_t>(k)), run.device),
        tests));
  }
  return seeds;
}

// 0: as many as the time allowed.
std::int64_t puzzles_trained_on(const TaskConfig& task) {
  if (task.loss_seconds > 0) return 0;
  return task.stage1.updates * task.stage1.batch + task.stage2.updates * task.stage2.batch;
}

}  // namespace

base::StudyRecord evaluate(const Config& config, const Run& run) {
  config.check();
  const base::Timer timer;
  const TaskConfig& task = config.chosen();
  const std::vector<TestSet> tests = test_sets(config, run);
  base::StudyRecord record;
  record.domain = "puzzle";
  record.protocol = config.task;
  record.seed = run.seed;
  record.train_samples = puzzles_trained_on(task);
  record.test_samples = task.study.samples * static_cast<std::int64_t>(task.study.sizes.size());
  record.data_sha256 = hash_of_tests(config, run);
  record.statistics["training_depth"] = static_cast<double>(models_of(config).front().depth);
  std::vector<Seeds> models;
  for (const ModelSpec& spec : models_of(config)) {
    models.push_back(measure_seeds(config, run, spec, tests));
    record.models.push_back(average_results(models.back()));
    for (base::Curve& curve : average_curves(models.back())) record.curves.push_back(std::move(curve));
  }
  append_checks(config, models, record);
  record.seconds = timer.seconds();
  return record;
}

}  // namespace fathom::puzzle
