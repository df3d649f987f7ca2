// Sharp crops with their blurred images, and the stage of a run that makes them.
//
//   y = A x + noise n,   n ~ N(0, I), drawn once
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "fathom/domain/imaging/blur.h"
#include "fathom/domain/imaging/data_options.h"
#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

struct ImageSet {
  Tensor sharp;    // [N, 3, h, h] float32 in [0, 1]
  Tensor blurred;  // [N, 3, h, h] float32, neither clamped nor rounded
  Tensor place;    // [N, 3] int64: photo, top, left

  std::int64_t size() const { return sharp.size(0); }
};

struct ImageData {
  ImageSet train, test;
  Tensor kernel;  // (h, w) float64
  double noise = 0;
  std::string sha256;  // of the numbers of both parts: crops, blur and noise
  std::map<std::string, double> statistics;
  std::string draw;  // what it was made of: options, seed, hash of the photos

  Blur blur_of(const ImageSet& set, at::ScalarType dtype = at::kFloat) const;  // for crops of that size
};

// Crops, blurs and adds noise, or reads the pairs back when the folder holds the same. Writes DIR/data.safetensors.
// Crop i is of photo i modulo their number, its place and its noise from (seed, part, i). Errors (fathom::Error): those
// of photos.h and kernels.h, a kernel larger than the crops.
ImageData make_data(const DataConfig& config, const std::filesystem::path& folder, std::uint64_t seed);

std::string hash_of(const ImageData& data);
void save_data(const std::filesystem::path& path, const ImageData& data);
ImageData load_data(const std::filesystem::path& path);  // Errors: not such a file, or changed since (hash)

}  // namespace fathom::imaging
