#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/base/timer.h"
#include "fathom/domain/imaging/data.h"
#include "fathom/domain/imaging/kernels.h"
#include "fathom/domain/imaging/photos.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/io/sha256.h"
#include "fathom/measure/summary.h"
#include "fathom/tensor/convert.h"

namespace fathom::imaging {

namespace {

Tensor normal_noise(at::IntArrayRef shape, std::uint64_t seed) {
  const Tensor noise = at::empty(shape, at::kFloat);
  base::Random random(seed);
  auto* value = noise.data_ptr<float>();
  for (std::int64_t i = 0; i < noise.numel(); ++i) value[i] = static_cast<float>(random.normal());
  return noise;
}

struct Part {
  std::string name;
  std::int64_t count, side;  // crops, and their side
};

ImageSet make_set(const DataConfig& config, const Tensor& kernel, const Photos& photos, const Part& part,
                  std::uint64_t seed) {
  std::vector<Tensor> sharp, noise;
  std::vector<std::int64_t> places;
  for (std::int64_t i = 0; i < part.count; ++i) {
    const auto photo = static_cast<std::size_t>(i) % photos.pixels.size(), number = static_cast<std::size_t>(i);
    const Crop crop =
        random_crop(photos.pixels[photo], part.side, base::stream_seed(seed, "crop " + part.name, number));
    sharp.push_back(crop.image);
    noise.push_back(normal_noise(crop.image.sizes(), base::stream_seed(seed, "noise " + part.name, number)));
    places.insert(places.end(), {static_cast<std::int64_t>(photo), crop.top, crop.left});
  }
  const Tensor x = at::stack(sharp);
  const Blur blur(kernel, part.side, part.side);
  return {x, blur.apply(x) + config.noise * at::stack(noise), tensor::from_int64s(places, {part.count, 3})};
}

std::string draw_text(const DataConfig& config, std::uint64_t seed, const Tensor& kernel, const Photos& train,
                      const Photos& test) {
  const Tensor weights = kernel.contiguous();
  const std::string kernel_hash =
      io::sha256_hex({static_cast<const char*>(weights.data_ptr()), static_cast<std::size_t>(weights.nbytes())});
  return fmt::format("seed = {}\ncrop = {} {}\ntrain = {}\ntest = {}\nnoise = {}\nkernel = {}\nphotos = {} {}\n", seed,
                     config.crop, config.tested_crop(), config.train, config.test, config.noise, kernel_hash,
                     train.sha256, test.sha256);
}

}  // namespace

Blur ImageData::blur_of(const ImageSet& set, at::ScalarType dtype) const {
  return Blur(kernel, set.sharp.size(2), set.sharp.size(3), dtype);
}

ImageData make_data(const DataConfig& config, const std::filesystem::path& folder, std::uint64_t seed) {
  const base::Timer timer;
  DataConfig checked = config;
  base::validate(base::fields_of(checked));
  const Tensor kernel = read_kernel(config.kernel).weights;
  const Photos train = load_photos(config, "train", seed), test = load_photos(config, "test", seed);
  const std::filesystem::path path = folder / "data.safetensors";
  const std::string draw = draw_text(config, seed, kernel, train, test);
  if (std::filesystem::exists(path)) {
    ImageData data = load_data(path);
    if (data.draw == draw) return data;
    base::info("the crops in {} were made with other options or photos; making them anew", path.string());
  }
  ImageData data{.train = make_set(config, kernel, train, {"train", config.train, config.crop}, seed),
                 .test = make_set(config, kernel, test, {"test", config.test, config.tested_crop()}, seed),
                 .kernel = kernel,
                 .noise = config.noise,
                 .draw = draw};
  data.statistics = {{"blurred psnr, test", measure::summarize(psnr(data.test.blurred, data.test.sharp)).mean},
                     {"photos, train", static_cast<double>(train.names.size())},
                     {"photos, test", static_cast<double>(test.names.size())}};
  data.sha256 = hash_of(data);
  save_data(path, data);
  base::info("made {} crops of side {} and {} of side {} from {} photos in {:.1f} s: {}", config.train, config.crop,
             config.test, config.tested_crop(), train.names.size() + test.names.size(), timer.seconds(), path.string());
  return data;
}

}  // namespace fathom::imaging
