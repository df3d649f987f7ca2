#include "fathom/domain/imaging/train_denoiser.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>

#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/domain/imaging/photos.h"
#include "fathom/domain/imaging/run_files.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"
#include "fathom/train/fit.h"
#include "fathom/train/state_dict.h"
#include "fathom/train/tensor_file.h"

namespace fathom::imaging {

namespace {

constexpr const char* kName = "denoiser";

std::shared_ptr<nn::Drunet> make_denoiser(const Config& config, std::uint64_t seed) {
  tensor::seed(seed);
  return std::make_shared<nn::Drunet>(config.network);
}

// One of the eight images of a square under mirrors and quarter turns.
Tensor turned(const Tensor& image, std::uint64_t which) {
  Tensor x = (which & 1) != 0 ? image.flip({2}) : image;
  if ((which & 2) != 0) x = x.flip({1});
  return (which & 4) != 0 ? x.transpose(1, 2) : x;
}

Tensor clean_batch(const Config& config, const Photos& photos, base::Random& random) {
  std::vector<Tensor> crops;
  for (std::int64_t i = 0; i < config.denoiser.batch; ++i) {
    const auto photo = static_cast<std::size_t>(random.below(photos.pixels.size()));
    const Crop crop = random_crop(photos.pixels[photo], config.data.crop, random.bits());
    crops.push_back(turned(crop.image, random.below(8)));
  }
  return at::stack(crops);
}

Tensor loss_at(const Config& config, const Run& run, const nn::Drunet& network, const Photos& photos,
               std::uint64_t seed, std::int64_t step) {
  base::Random random(base::stream_seed(seed, kName, static_cast<std::uint64_t>(step)));
  const Tensor x = clean_batch(config, photos, random).to(run.device);
  std::vector<double> levels;
  for (std::int64_t i = 0; i < x.size(0); ++i) levels.push_back(random.uniform(0, config.denoiser.sigma_max));
  const Tensor sigma = tensor::from_doubles(levels, {x.size(0)}).to(run.device);
  tensor::seed(random.bits());
  const Tensor noisy = x + sigma.view({-1, 1, 1, 1}) * at::randn(x.sizes(), x.options());
  return (network.forward(noisy, sigma) - x).square().mean();
}

train::FitOptions fit_options(const DenoiserConfig& denoiser) {
  train::FitOptions options;
  options.steps = denoiser.updates;
  options.adam.lr = denoiser.learning_rate;
  options.schedule = "cosine";
  options.warmup = 20;
  options.keep = "last";
  options.clip_norm = 1;
  return options;
}

}  // namespace

std::shared_ptr<nn::Drunet> trained_denoiser(const Config& config, const Run& run, std::uint64_t seed) {
  const RunFiles files(run.folder);
  const std::shared_ptr<nn::Drunet> network = make_denoiser(config, seed);
  const train::NamedTensors parameters = train::named_parameters(*network);
  const std::filesystem::path path = files.model(kName, seed);
  if (!config.denoiser.file.empty()) {
    train::load_state_dict(config.denoiser.file, parameters);
    return network;
  }
  if (std::filesystem::exists(path)) {
    train::load_model(path, parameters);
    return network;
  }
  network->to(run.device);
  const Photos photos = load_photos(config.data, "train", run.seed);
  const train::Task task{.name = fmt::format("{} seed {}", kName, seed),
                         .parameters = train::named_parameters(*network),
                         .loss = [&](std::int64_t step) { return loss_at(config, run, *network, photos, seed, step); }};
  const std::string stem = model_stem(kName, seed);
  const train::FitResult result = train::fit(task, fit_options(config.denoiser),
                                             {.checkpoint = files.training(stem + ".checkpoint"),
                                              .log = files.training(stem + ".jsonl"),
                                              .events = files.events(),
                                              .resume = true},
                                             run.stop);
  if (result.status == train::FitStatus::interrupted) return nullptr;
  Config written = config;
  train::save_model(path, train::named_parameters(*network),
                    {{"format", "fathom-imaging-denoiser-1"},
                     {"config", base::to_toml(base::fields_of(written))},
                     {"seed", std::to_string(seed)},
                     {"loss", fmt::format("{}", train::recent_loss(result))},
                     {"seconds", fmt::format("{}", result.seconds)}});
  return network;
}

}  // namespace fathom::imaging
