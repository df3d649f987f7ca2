#include "fathom/domain/imaging/photos.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/imaging/leaves.h"
#include "fathom/io/jpeg.h"
#include "fathom/io/npy.h"
#include "fathom/io/png.h"
#include "fathom/io/sha256.h"
#include "fathom/train/tensor_file.h"

namespace fathom::imaging {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPlace = "imaging::load_photos";

std::string ending(const fs::path& path) {
  std::string text = path.extension().string();
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

bool is_picture(const fs::path& path) {
  const std::string end = ending(path);
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  if (!fs::is_directory(folder))
    base::fail(kPlace, "no folder {}; data.folder needs train/ and test/ with PNG or JPEG files", folder.string());
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture(entry.path())) files.push_back(entry.path());
  }
  if (files.empty()) base::fail(kPlace, "{} holds no .png, .jpg or .jpeg file; put photos there", folder.string());
  std::sort(files.begin(), files.end());
  return files;
}

// `option`: which of the options says `crop`.
void require_room(const fs::path& path, const Tensor& pixels, std::int64_t crop, const char* option) {
  if (pixels.size(1) < crop || pixels.size(2) < crop) {
    base::fail(kPlace, "{} = {} x {} pixels violates >= {} = {}; take it out or crop less", path.string(),
               pixels.size(2), pixels.size(1), option, crop);
  }
}

const char* test_option(const DataConfig& config) { return config.test_crop == 0 ? "data.crop" : "data.test_crop"; }

Tensor read_pixels(const fs::path& path, std::int64_t crop, const char* option) {
  const Tensor pixels = pixels_of(ending(path) == ".png" ? io::read_png(path) : io::read_jpeg(path));
  require_room(path, pixels, crop, option);
  return pixels;
}

Photos photos_of_file(const DataConfig& config) {
  const fs::path path = config.test_file;
  const io::TensorRecord record = io::read_npy(path);
  const std::vector<std::int64_t>& shape = record.shape;
  if (record.dtype != io::DType::u8 || shape.size() != 4 || shape[0] < 1 || shape[3] != 3) {
    base::fail(kPlace, "data.test_file = {} of {} {} violates u8 [N >= 1, H, W, 3]; photos of one size, colours last",
               path.string(), io::name_of(record.dtype), io::shape_text(shape));
  }
  const Tensor all = train::from_record(record).permute({0, 3, 1, 2});
  require_room(path, all[0], config.tested_crop(), test_option(config));
  Photos photos;
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    photos.names.push_back(fmt::format("{} {}", path.filename().string(), i));
    photos.pixels.push_back(all[i].contiguous());
  }
  return photos;
}

std::string hash_of(const Photos& photos) {
  io::Sha256 hash;
  for (std::size_t i = 0; i < photos.names.size(); ++i) {
    const Tensor& p = photos.pixels[i];
    hash.update(fmt::format("{} {} {}\n", photos.names[i], p.size(1), p.size(2)));
    hash.update({reinterpret_cast<const char*>(p.data_ptr<std::uint8_t>()), static_cast<std::size_t>(p.numel())});
  }
  return hash.hex();
}

}  // namespace

Tensor pixels_of(const io::Image& image) {
  const Tensor pixels = at::empty({3, image.height, image.width}, at::kByte);
  auto* level = pixels.data_ptr<std::uint8_t>();
  const std::int64_t colours = image.channels < 3 ? 1 : 3;
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t i = 0; i < image.height; ++i) {
      for (std::int64_t j = 0; j < image.width; ++j) {
        const int sample = image.at(i, j, std::min(c, colours - 1));
        *level++ = static_cast<std::uint8_t>(image.depth == 16 ? (sample + 128) / 257 : sample);
      }
    }
  }
  return pixels;
}

Photos load_photos(const DataConfig& config, const std::string& part, std::uint64_t seed) {
  Photos photos;
  if (part == "test" && !config.test_file.empty()) {
    photos = photos_of_file(config);
  } else if (config.folder.empty()) {
    for (std::int64_t i = 0; i < config.photos; ++i) {
      photos.names.push_back(fmt::format("leaves-{}", i));
      photos.pixels.push_back(
          dead_leaves(config.side, base::stream_seed(seed, "leaves " + part, static_cast<std::uint64_t>(i))));
    }
  } else {
    for (const fs::path& path : pictures_in(fs::path(config.folder) / part)) {
      photos.names.push_back(path.filename().string());
      photos.pixels.push_back(part == "train" ? read_pixels(path, config.crop, "data.crop")
                                              : read_pixels(path, config.tested_crop(), test_option(config)));
    }
  }
  photos.sha256 = hash_of(photos);
  return photos;
}

Crop random_crop(const Tensor& pixels, std::int64_t side, std::uint64_t seed) {
  base::Random random(seed);
  const auto offset = [&](std::int64_t size) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(size - side + 1)));
  };
  const std::int64_t top = offset(pixels.size(1)), left = offset(pixels.size(2));
  return {pixels.narrow(1, top, side).narrow(2, left, side).to(at::kFloat) / 255, top, left};
}

}  // namespace fathom::imaging
