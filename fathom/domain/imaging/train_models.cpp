// Training of the study's models: the denoiser, then from its weights the implicit models and their explicit rivals,
// all with the same crops in the same order.
#include <algorithm>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/domain/imaging/losses.h"
#include "fathom/domain/imaging/run.h"
#include "fathom/domain/imaging/run_files.h"
#include "fathom/domain/imaging/train_denoiser.h"
#include "fathom/domain/imaging/training_answer.h"
#include "fathom/domain/imaging/update_memory.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/fit.h"
#include "fathom/train/tensor_file.h"

namespace fathom::imaging {

namespace {

// The training pairs in batches: every pass goes through all of them in an order of its own.
class Batches {
 public:
  Batches(const ImageData& data, const Config& config, const Run& run, std::uint64_t seed)
      : blur_(data.kernel, data.train.sharp.size(2), data.train.sharp.size(3), at::kFloat, run.device),
        sharp_(data.train.sharp.to(run.device)),
        blurred_(data.train.blurred.to(run.device)),
        size_(std::min(config.train.batch, data.train.size())),
        seed_(seed) {}

  const Blur& blur() const { return blur_; }

  // (y, x)
  std::pair<Tensor, Tensor> of_step(std::int64_t step) const {
    const std::int64_t in_a_pass = (sharp_.size(0) + size_ - 1) / size_;
    const std::vector<std::int64_t> order = order_of(step / in_a_pass);
    const std::int64_t first = step % in_a_pass * size_, last = std::min(first + size_, sharp_.size(0));
    const std::vector<std::int64_t> chosen(order.begin() + first, order.begin() + last);
    const Tensor rows = tensor::from_int64s(chosen, {last - first}).to(sharp_.device());
    return {blurred_.index_select(0, rows), sharp_.index_select(0, rows)};
  }

 private:
  std::vector<std::int64_t> order_of(std::int64_t pass) const {
    std::vector<std::int64_t> order(static_cast<std::size_t>(sharp_.size(0)));
    std::iota(order.begin(), order.end(), 0);
    base::Random random(base::stream_seed(seed_, "order", static_cast<std::uint64_t>(pass)));
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    return order;
  }

  Blur blur_;
  Tensor sharp_, blurred_;
  std::int64_t size_;
  std::uint64_t seed_;
};

// What one model's training needs.
struct Job {
  const Config& config;
  const Run& run;
  const ModelSpec& spec;
  std::uint64_t seed;
  const Batches& batches;
  double seconds = 0;  // at least so long, where explicit models are given the implicit one's time
};

Tensor loss_at(const Job& job, const DeblurModel& model, std::int64_t step) {
  require_sound(model, step);
  const auto [y, x] = job.batches.of_step(step);
  const Tensor answer = training_answer(job.config.train, model, job.batches.blur(), y);
  const Tensor loss = squared_loss(answer, x);
  const TrainConfig& train = job.config.train;
  if (!model.options().implicit() || train.growth_weight == 0 || step % train.growth_every != 0) return loss;
  const Tensor rate = growth_rate(model, job.batches.blur(), y, answer.detach(), train.growth_steps,
                                  base::stream_seed(job.seed, "growth", static_cast<std::uint64_t>(step)));
  return loss + train.growth_weight * (rate - train.growth_bound).clamp_min(0).square().mean();
}

train::FitOptions fit_options(const Job& job) {
  const TrainConfig& train = job.config.train;
  const RivalConfig& rivals = job.config.rivals;
  const bool implicit = job.spec.options.implicit();
  train::FitOptions options;
  options.steps = train.updates;
  if (!implicit && rivals.equal == "updates")
    options.steps = static_cast<std::int64_t>(rivals.factor * static_cast<double>(train.updates));
  if (!implicit && rivals.equal == "seconds") {
    options.steps = std::min<std::int64_t>(train.updates, 1);
    options.least_seconds = rivals.factor * job.seconds;
  }
  options.adam.lr = train.learning_rate;
  options.adam.weight_decay = train.weight_decay;
  options.schedule = train.schedule;
  options.keep = "last";
  options.clip_norm = train.clip_norm;
  return options;
}

std::shared_ptr<DeblurModel> fresh_model(const Job& job, const nn::Drunet& denoiser) {
  const std::shared_ptr<DeblurModel> model = make_model(job.spec.options, job.seed);
  const train::NamedTensors from = train::named_parameters(denoiser);
  const at::NoGradGuard no_grad;
  for (std::int64_t layer = 0; layer < model->layers(); ++layer) {
    const train::NamedTensors to = train::named_parameters(model->step(layer).denoiser());
    for (std::size_t i = 0; i < to.size(); ++i) to[i].second.copy_(from[i].second);
  }
  model->to(job.run.device);
  return model;
}

train::FitResult fit(const Job& job, const DeblurModel& model) {
  const RunFiles files(job.run.folder);
  const train::Task task{.name = fmt::format("{} seed {}", job.spec.name, job.seed),
                         .parameters = train::named_parameters(model),
                         .loss = [&](std::int64_t step) { return loss_at(job, model, step); }};
  const std::string stem = model_stem(job.spec.name, job.seed);
  return train::fit(task, fit_options(job),
                    {.checkpoint = files.training(stem + ".checkpoint"),
                     .log = files.training(stem + ".jsonl"),
                     .events = files.events(),
                     .resume = true},
                    job.run.stop);
}

// Trains one model and writes its file. False: interrupted.
bool train_one(const Job& job, const nn::Drunet& denoiser, const ImageData& data) {
  const std::shared_ptr<DeblurModel> model = fresh_model(job, denoiser);
  const double memory = update_memory([&] { loss_at(job, *model, 0).backward(); });
  for (const Tensor& parameter : model->parameters()) parameter.mutable_grad() = Tensor();
  const train::FitResult result = fit(job, *model);
  if (result.status == train::FitStatus::interrupted) return false;
  require_sound(*model, result.steps);
  Trained trained{job.spec, model, data.kernel, {}};
  trained.training = {.seed = job.seed,
                      .updates = result.steps,
                      .seconds = result.seconds,
                      .memory = memory,
                      .depth = job.spec.options.implicit() ? job.config.train.iterations : 0,
                      .noise = data.noise};
  trained.training.losses = train::thinned(result.losses);
  Config config = job.config;
  save_trained(RunFiles(job.run.folder).model(job.spec.name, job.seed), trained,
               base::to_toml(base::fields_of(config)));
  return true;
}

// Trains what is left of one seed. False: interrupted.
bool train_seed(const Config& config, const Run& run, const ImageData& data, std::uint64_t seed) {
  const RunFiles files(run.folder);
  const std::shared_ptr<nn::Drunet> denoiser = trained_denoiser(config, run, seed);
  if (!denoiser) return false;
  const Batches batches(data, config, run, seed);
  double longest = 0;
  for (const ModelSpec& spec : models_of(config)) {
    const std::filesystem::path path = files.model(spec.name, seed);
    if (std::filesystem::exists(path)) {
      base::info("{} is trained already: {}", spec.name, path.string());
    } else if (!train_one({config, run, spec, seed, batches, longest}, *denoiser, data)) {
      return false;
    }
    if (spec.options.implicit()) longest = std::max(longest, load_trained(path).training.seconds);
  }
  return true;
}

}  // namespace

bool train_models(const Config& config, const Run& run, const ImageData& data) {
  config.check();
  if (!run.resume) RunFiles(run.folder).clear_training();
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    if (!train_seed(config, run, data, run.seed + static_cast<std::uint64_t>(k))) return false;
  }
  return true;
}

}  // namespace fathom::imaging
