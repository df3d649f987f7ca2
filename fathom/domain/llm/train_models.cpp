// Training of the study's models on windows of bytes: the looped one with a depth drawn for every update, its rivals
// with the same windows in the same order.
#include <map>

#include <ATen/ops/zeros.h>

#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/domain/llm/depth_sampler.h"
#include "fathom/domain/llm/initial_weights.h"
#include "fathom/domain/llm/run.h"
#include "fathom/domain/llm/run_files.h"
#include "fathom/domain/llm/windows.h"
#include "fathom/train/fit.h"

namespace fathom::llm {

namespace {

// One training of one model.
struct Training {
  const Config& config;
  const Run& run;
  const ModelSpec& spec;
  std::uint64_t seed;
  const Corpus& corpus;

  bool looped() const { return spec.kind == "implicit"; }
};

Tensor loss_of_step(const Training& t, const Raven& model, std::int64_t step) {
  const auto index = static_cast<std::uint64_t>(step);
  const CorpusConfig& data = t.config.data;
  const Windows windows =
      windows_of(t.corpus.text, training_windows(t.corpus, data.window, data.batch, t.seed, index), data.window);
  if (!t.looped()) {
    const Tensor zero = at::zeros({windows.count(), windows.size(), model.config().width});
    return training_loss(model, windows, zero, {0, 1});
  }
  const Tensor start = random_start(model.config(), windows, base::stream_seed(t.seed, "start", index));
  const ModelConfig& c = model.config();
  return training_loss(model, windows, start, sample_depth(c.recurrences, c.backprop_depth, t.seed, index));
}

std::string options_text(Config config) { return base::to_toml(base::fields_of(config)); }

std::map<std::string, std::string> metadata_of(const Training& t) {
  return {{"name", t.spec.name},
          {"seed", fmt::format("{}", t.seed)},
          {"config", options_text(t.config)},
          {"data_sha256", t.corpus.sha256}};
}

// Writes the model's folder. False: interrupted. `spent`: the looped model's seconds, for its rivals.
bool train_one(const Training& t, double& spent) {
  const RunFiles files(t.run.folder);
  const std::string stem = model_stem(t.spec.name, t.seed);
  const auto model = std::make_shared<Raven>(t.spec.config);
  load(*model, initial_weights(model->config(), t.seed));
  train::FitOptions options = t.config.train;
  if (!t.looped() && t.config.rivals.equal_time) options.least_seconds = spent;
  const train::Task task{.name = fmt::format("{} seed {}", t.spec.name, t.seed),
                         .parameters = train::named_parameters(*model),
                         .loss = [&](std::int64_t step) { return loss_of_step(t, *model, step); }};
  const train::FitResult result = train::fit(task, options,
                                             {.checkpoint = files.training(stem + ".checkpoint"),
                                              .log = files.training(stem + ".jsonl"),
                                              .events = files.events(),
                                              .resume = true},
                                             t.run.stop);
  if (result.status == train::FitStatus::interrupted) return false;
  if (t.looped()) spent = result.seconds;
  save_trained(files.model(t.spec.name, t.seed), *model, card_of(result), metadata_of(t));
  return true;
}

}  // namespace

bool train_models(const Config& config, const Run& run, const Corpus& corpus) {
  config.check();
  const RunFiles files(run.folder);
  if (!run.resume) files.clear_training();
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    double spent = 0;
    for (const ModelSpec& spec : models_of(config)) {
      const Training training{config, run, spec, run.seed + static_cast<std::uint64_t>(k), corpus};
      const std::filesystem::path folder = files.model(spec.name, training.seed);
      if (!is_trained(folder)) {
        if (!train_one(training, spent)) return false;
        continue;
      }
      if (training.looped()) spent = load_card(folder).seconds;
      base::info("{} is trained already: {}", spec.name, folder.string());
    }
  }
  return true;
}

}  // namespace fathom::llm
