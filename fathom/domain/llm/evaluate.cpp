// What the trained models do on held-out text at every number of recurrences, with an adaptive exit, and under small
// changes of the text; and the answers to prompt pairs.
#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/base/timer.h"
#include "fathom/domain/llm/byte_counts.h"
#include "fathom/domain/llm/checks.h"
#include "fathom/domain/llm/exit_curves.h"
#include "fathom/domain/llm/loop_curves.h"
#include "fathom/domain/llm/pair_study.h"
#include "fathom/domain/llm/run.h"
#include "fathom/domain/llm/run_files.h"
#include "fathom/domain/llm/tensor_model.h"
#include "fathom/io/sha256.h"
#include "fathom/io/tokenizer_config.h"
#include "fathom/measure/summary.h"
#include "fathom/study/average.h"
#include "fathom/study/unroll.h"

namespace fathom::llm {

namespace {

using base::Curve;
namespace fs = std::filesystem;

constexpr const char* kLoss = "nats_per_byte";

double mean_of(const std::vector<double>& values) { return measure::summarize(values).mean; }

std::int64_t parameter_count(const Raven& model) {
  std::int64_t count = 0;
  for (const Tensor& parameter : model.parameters()) count += parameter.numel();
  return count;
}

Windows held_out(const Config& config, const Corpus& corpus, std::int64_t count) {
  return windows_of(corpus.text, test_windows(corpus, config.data.window, count), config.data.window);
}

// The loss at fixed depth of a model of the study: r recurrences from x_0 random, or the one it has from 0.
std::vector<double> fixed_losses(const Raven& model, const ModelSpec& spec, const Windows& windows,
                                 std::uint64_t seed) {
  const Tensor start = spec.kind == "implicit" ? random_start(model.config(), windows, base::stream_seed(seed, "start"))
                                               : at::zeros({windows.count(), windows.size(), model.config().width});
  return window_losses(model, windows, start, model.config().recurrences);
}

Curve flat(const std::string& name, std::int64_t last, const std::vector<double>& losses) {
  Curve curve{name, kLoss, "all", {}, {}, {}, {}};
  study::add_point(curve, 1, losses);
  study::add_point(curve, static_cast<double>(last), losses);
  return curve;
}

Curve training_curve(const std::string& name, const TrainingCard& card) {
  return {name,     "training loss", "all", card.loss_step, card.loss, std::vector<double>(card.loss.size(), 0.0),
          card.loss};
}

void append(std::vector<Curve>& to, std::vector<Curve> more) {
  for (Curve& curve : more) to.push_back(std::move(curve));
}

std::vector<Curve> loop_study(const Config& config, const std::shared_ptr<Raven>& model, const std::string& name,
                              const Corpus& corpus, std::uint64_t seed) {
  const StudyConfig& study = config.study;
  const LoopProbe probe{study.iterations, study.perturbation, seed};
  std::vector<Curve> curves = loss_and_residual(*model, name, held_out(config, corpus, study.windows), probe);
  append(curves, lipschitz_curves(*model, name, held_out(config, corpus, study.perturbed), probe));
  append(curves, exit_curves(model, name, held_out(config, corpus, study.exit_windows),
                             {.trained = model->config().recurrences,
                              .most = std::max(study.iterations, model->config().recurrences),
                              .differences = study.exit_thresholds,
                              .divergences = study.exit_divergences,
                              .seed = seed}));
  return curves;
}

study::Measured measure_one(const Config& config, const Run& run, const ModelSpec& spec, const Corpus& corpus,
                            std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const fs::path folder = RunFiles(run.folder).model(spec.name, seed);
  if (!is_trained(folder)) base::fail("llm::evaluate", "no model in {}; `fathom train llm` first", folder.string());
  const std::shared_ptr<Raven> model = load_raven(folder);
  const TrainingCard card = load_card(folder);
  const std::vector<double> losses =
      fixed_losses(*model, spec, held_out(config, corpus, config.study.windows), run.seed);
  study::Measured m;
  m.result = {.name = spec.name, .kind = spec.kind, .parameters = parameter_count(*model), .metric = kLoss};
  m.result.train = card.train_loss;
  m.result.test = mean_of(losses);
  m.result.seconds_train = card.seconds;
  m.result.seed = seed;
  m.result.extra = {{"updates", static_cast<double>(card.steps)}};
  m.curves = spec.kind == "implicit" ? loop_study(config, model, spec.name, corpus, run.seed)
                                     : std::vector<Curve>{flat(spec.name, config.study.iterations, losses)};
  m.curves.push_back(training_curve(spec.name, card));
  return m;
}

void append_baselines(const Config& config, const Corpus& corpus, base::StudyRecord& record) {
  const ByteCounts counts(corpus);
  std::vector<double> unigram, bigram;
  for (const std::int64_t begin : test_windows(corpus, config.data.window, config.study.windows)) {
    const std::string_view window =
        std::string_view(corpus.text)
            .substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(config.data.window));
    unigram.push_back(counts.unigram_loss(window));
    bigram.push_back(counts.bigram_loss(window));
  }
  for (const auto& [name, losses] : {std::pair{"unigram", &unigram}, std::pair{"bigram", &bigram}}) {
    base::ModelResult result{.name = name, .kind = "baseline", .metric = kLoss};
    result.test = mean_of(*losses);
    record.models.push_back(std::move(result));
  }
}

void study_text(const Config& config, const Run& run, base::StudyRecord& record) {
  const Corpus corpus = make_corpus(config, run);
  record.train_samples = corpus.bytes(false);
  record.test_samples = held_out(config, corpus, config.study.windows).labels.numel();
  record.data_sha256 = io::sha256_hex(corpus.text);
  record.statistics["bytes of the text"] = static_cast<double>(corpus.text.size());
  record.statistics["bytes held out"] = static_cast<double>(corpus.bytes(true));
  record.statistics["training_depth"] = static_cast<double>(config.model.recurrences);
  for (const ModelSpec& spec : models_of(config)) {
    std::vector<study::Measured> runs;
    for (std::int64_t k = 0; k < run.seeds; ++k)
      runs.push_back(measure_one(config, run, spec, corpus, run.seed + static_cast<std::uint64_t>(k)));
    record.models.push_back(study::average(runs));
    append(record.curves, study::average_curves(runs));
  }
  append_baselines(config, corpus, record);
}

// ---- prompt pairs

struct Answerer {
  std::string name;
  fs::path folder;
};

Answerer answerer(const Config& config, const Run& run, const fs::path& shipped) {
  if (!config.study.checkpoint.empty()) {
    const fs::path folder = config.study.checkpoint;
    return {folder.filename().empty() ? folder.parent_path().filename() : folder.filename(), folder};
  }
  if (config.data.corpus.empty()) return {shipped.filename(), shipped};
  return {models_of(config).front().name, RunFiles(run.folder).model(models_of(config).front().name, run.seed)};
}

// The hash of the weights' headers and of everything small that the answers follow from.
std::string key_of(const Config& config, const Run& run, const fs::path& folder) {
  const StudyConfig& s = config.study;
  std::string sizes;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors" && entry.path().filename().string().starts_with("model"))
      sizes += io::sha256_of_file(entry.path());
  }
  return fmt::format(
      "weights = \"{}\"\ntokenizer = \"{}\"\npairs = \"{}\"\ntokens = {}\npart = {}\nparts = {}\n"
      "init = \"{}\"\nseed = {}\n",
      io::sha256_hex(sizes), io::sha256_of_file(folder / "tokenizer.json"), io::sha256_of_file(s.pairs), s.pair_tokens,
      s.pair_part, s.pair_parts, s.init, run.seed);
}

bool cleans_up(const fs::path& folder) {
  const fs::path file = folder / "tokenizer_config.json";
  return fs::exists(file) && io::read_tokenizer_config(file).clean_up;
}

void study_pairs(const Config& config, const Run& run, const fs::path& shipped, base::StudyRecord& record) {
  const Answerer who = answerer(config, run, shipped);
  const std::shared_ptr<Raven> raven = load_raven(who.folder);
  TensorModel model(raven);
  const Speaker speaker{model, io::Tokenizer::read(who.folder / "tokenizer.json"), cleans_up(who.folder)};
  const std::vector<PromptPair> pairs =
      part_of(read_prompt_pairs(config.study.pairs), config.study.pair_part, config.study.pair_parts);
  const RunFiles files(run.folder);
  const PairAnswers answers =
      answer_pairs(speaker, pairs,
                   {.steps = config.study.pair_steps,
                    .total_tokens = config.study.pair_tokens,
                    .batch = config.study.pair_batch,
                    .start = initial_state(config.study.init, raven->config(), run.seed)},
                   {files.pairs(), files.pairs_key(), key_of(config, run, who.folder)}, run.stop);
  record.curves.push_back(pair_curve(who.name, pairs, answers));
  record.statistics["prompt pairs"] = static_cast<double>(pairs.size());
  if (!record.models.empty()) return;
  base::ModelResult result{
      .name = who.name, .kind = "implicit", .parameters = parameter_count(*raven), .metric = "answer_lipschitz"};
  result.test = record.curves.back().mean.back();
  result.seed = run.seed;
  record.test_samples = static_cast<std::int64_t>(pairs.size());
  record.models.push_back(std::move(result));
}

}  // namespace

base::StudyRecord evaluate(const Config& config, const Run& run, const fs::path& shipped) {
  config.check();
  const base::Timer timer;
  base::StudyRecord record;
  record.domain = "llm";
  record.protocol = config.data.corpus.empty() ? "pairs" : config.study.pairs.empty() ? "text" : "text and pairs";
  record.seed = run.seed;
  if (!config.data.corpus.empty()) study_text(config, run, record);
  if (!config.study.pairs.empty()) study_pairs(config, run, shipped, record);
  append_checks(record);
  record.seconds = timer.seconds();
  return record;
}

}  // namespace fathom::llm
