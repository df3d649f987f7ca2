// Photos, crops, blur and noise: what a study trains and tests on.
#include "fathom/domain/imaging/data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include <ATen/TensorOperators.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/domain/imaging/leaves.h"
#include "fathom/domain/imaging/photos.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/io/jpeg.h"
#include "fathom/io/npy.h"
#include "fathom/io/png.h"
#include "fathom/measure/summary.h"

namespace fathom::imaging {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

DataConfig small() { return {.crop = 32, .train = 6, .test = 4, .photos = 3, .side = 48}; }

class ImageDataTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  // A picture whose samples say where they are.
  io::Image picture(std::int64_t height, std::int64_t width, std::int64_t channels) {
    io::Image image{.width = width, .height = height, .channels = channels};
    for (std::int64_t i = 0; i < image.samples(); ++i) image.pixels.push_back(static_cast<std::uint16_t>(i % 251));
    return image;
  }

  fs::path folder_ = fs::path(testing::TempDir()) / "fathom_imaging_data";
};

TEST_F(ImageDataTest, PairsAreBlurredCropsWithNoiseOfTheGivenSize) {
  DataConfig config = small();
  config.train = 40;
  const ImageData data = make_data(config, folder_, 1);
  EXPECT_EQ(data.train.sharp.sizes(), at::IntArrayRef({40, 3, 32, 32}));
  EXPECT_EQ(data.test.size(), 4);
  EXPECT_GE(data.train.sharp.min().item<double>(), 0);
  EXPECT_LE(data.train.sharp.max().item<double>(), 1);
  const Tensor noise = (data.train.blurred - data.blur_of(data.train).apply(data.train.sharp)).to(at::kDouble);
  // 122 880 normal numbers: mean and deviation are known to a few of 1/sqrt(n).
  const double n = static_cast<double>(noise.numel());
  EXPECT_NEAR(noise.mean().item<double>(), 0, 5 * config.noise / std::sqrt(n));
  EXPECT_NEAR(noise.std().item<double>(), config.noise, 5 * config.noise / std::sqrt(2 * n));
}

TEST_F(ImageDataTest, SameSeedSameCropsOtherSeedOthers) {
  const ImageData a = make_data(small(), folder_ / "a", 1), b = make_data(small(), folder_ / "b", 1);
  const ImageData c = make_data(small(), folder_ / "c", 2);
  EXPECT_EQ(a.sha256, b.sha256);
  EXPECT_NE(a.sha256, c.sha256);
  DataConfig more = small();
  more.train = 12;
  const ImageData d = make_data(more, folder_ / "d", 1);
  EXPECT_TRUE(d.train.blurred.narrow(0, 0, 6).equal(a.train.blurred));
}

TEST_F(ImageDataTest, IsReadBackUntilSomethingItDependsOnChanges) {
  const ImageData made = make_data(small(), folder_, 1);
  const auto written = fs::last_write_time(folder_ / "data.safetensors");
  const ImageData read = make_data(small(), folder_, 1);
  EXPECT_EQ(fs::last_write_time(folder_ / "data.safetensors"), written);
  EXPECT_EQ(read.sha256, made.sha256);
  EXPECT_EQ(read.statistics, made.statistics);
  EXPECT_TRUE(read.train.blurred.equal(made.train.blurred) && read.kernel.equal(made.kernel));
  DataConfig other = small();
  other.noise = 0.01;
  EXPECT_NE(make_data(other, folder_, 1).sha256, made.sha256);
}

TEST_F(ImageDataTest, RefusesAFileThatWasChanged) {
  ImageData data = make_data(small(), folder_, 1);
  data.test.blurred += 1;
  save_data(folder_ / "data.safetensors", data);
  EXPECT_THAT([&] { load_data(folder_ / "data.safetensors"); },
              ThrowsMessage<Error>(HasSubstr("do not match their hash")));
}

TEST_F(ImageDataTest, PhotosOfAFolderComeInTheOrderOfTheirNames) {
  fs::create_directories(folder_ / "train");
  io::write_png(folder_ / "train" / "b.png", picture(40, 36, 1));
  io::write_png(folder_ / "train" / "a.PNG", picture(33, 50, 4));
  io::write_jpeg(folder_ / "train" / "c.jpeg", picture(32, 32, 3));
  base::write_atomically(folder_ / "train" / "notes.txt", "no picture");
  DataConfig config = small();
  config.folder = folder_.string();
  const Photos photos = load_photos(config, "train", 0);
  EXPECT_THAT(photos.names, testing::ElementsAre("a.PNG", "b.png", "c.jpeg"));
  EXPECT_EQ(photos.pixels[0].sizes(), at::IntArrayRef({3, 33, 50}));
  const io::Image rgba = picture(33, 50, 4), grey = picture(40, 36, 1);
  for (std::int64_t c = 0; c < 3; ++c) {
    EXPECT_EQ(photos.pixels[0][c][7][11].item<int>(), rgba.at(7, 11, c));
    EXPECT_EQ(photos.pixels[1][c][7][11].item<int>(), grey.at(7, 11, 0));
  }
}

TEST_F(ImageDataTest, SixteenBitsAreRoundedToEight) {
  const io::Image image{.width = 3, .height = 1, .channels = 1, .depth = 16, .pixels = {0, 257 * 100 + 128, 65535}};
  const Tensor pixels = pixels_of(image);
  EXPECT_EQ(pixels[0][0][0].item<int>(), 0);
  EXPECT_EQ(pixels[1][0][1].item<int>(), 100);
  EXPECT_EQ(pixels[2][0][2].item<int>(), 255);
}

TEST_F(ImageDataTest, TestCropsMayBeOfAnotherSize) {
  DataConfig config = small();
  config.test_crop = 40;
  const ImageData data = make_data(config, folder_, 0), equal = make_data(small(), folder_ / "equal", 0);
  EXPECT_TRUE(at::equal(data.train.blurred, equal.train.blurred));
  EXPECT_EQ(data.test.sharp.sizes(), at::IntArrayRef({4, 3, 40, 40}));
  const Tensor noise = (data.test.blurred - data.blur_of(data.test).apply(data.test.sharp)).to(at::kDouble);
  const double count = static_cast<double>(noise.numel());
  EXPECT_NEAR(noise.square().mean().sqrt().item<double>(), config.noise, 5 * config.noise / std::sqrt(2 * count));
  EXPECT_EQ(make_data(config, folder_, 0).sha256, data.sha256);
  EXPECT_NE(data.sha256, equal.sha256);
}

TEST_F(ImageDataTest, TestPhotosMayComeFromAnArrayFile) {
  io::TensorRecord file{.dtype = io::DType::u8, .shape = {2, 32, 40, 3}};
  for (int i = 0; i < 2 * 32 * 40 * 3; ++i) file.bytes.push_back(static_cast<char>(i % 251));
  fs::create_directories(folder_);
  io::write_npy(folder_ / "photos.npy", file);
  DataConfig config = small();
  config.test_file = (folder_ / "photos.npy").string();
  const Photos photos = load_photos(config, "test", 0);
  EXPECT_THAT(photos.names, testing::ElementsAre("photos.npy 0", "photos.npy 1"));
  ASSERT_EQ(photos.pixels[1].sizes(), at::IntArrayRef({3, 32, 40}));
  EXPECT_EQ(photos.pixels[1][2][7][11].item<int>(), (((32 + 7) * 40 + 11) * 3 + 2) % 251);
  EXPECT_EQ(load_photos(config, "train", 0).names[0], "leaves-0");

  const ImageData data = make_data(config, folder_, 0);
  EXPECT_EQ(data.test.size(), 4);
  EXPECT_EQ(data.statistics.at("photos, test"), 2);
  EXPECT_TRUE(at::equal(data.train.blurred, make_data(small(), folder_ / "drawn", 0).train.blurred));
}

TEST_F(ImageDataTest, RefusesAnArrayFileThatHoldsNoPhotos) {
  fs::create_directories(folder_);
  DataConfig config = small();
  config.test_file = (folder_ / "photos.npy").string();
  const auto refuses = [&](const io::TensorRecord& file, const char* why) {
    io::write_npy(config.test_file, file);
    EXPECT_THAT([&] { make_data(config, folder_, 0); }, ThrowsMessage<Error>(HasSubstr(why)));
  };
  refuses({.dtype = io::DType::u8, .shape = {1, 3, 32, 32}, .bytes = std::string(3 * 32 * 32, 'x')},
          "of u8 [1, 3, 32, 32] violates u8 [N >= 1, H, W, 3]");
  refuses(io::from_doubles("", {1, 1, 1, 3}, {0, 0, 0}, io::DType::f32), "of f32 [1, 1, 1, 3] violates u8");
  refuses({.dtype = io::DType::u8, .shape = {0, 40, 40, 3}}, "of u8 [0, 40, 40, 3] violates u8 [N >= 1");
  refuses({.dtype = io::DType::u8, .shape = {1, 24, 40, 3}, .bytes = std::string(24 * 40 * 3, 'x')},
          "40 x 24 pixels violates >= data.crop = 32");
  config.test_file = (folder_ / "none.npy").string();
  EXPECT_THAT([&] { make_data(config, folder_, 0); }, ThrowsMessage<Error>(HasSubstr("none.npy")));
}

TEST_F(ImageDataTest, RefusesFoldersWithoutUsablePhotos) {
  DataConfig config = small();
  config.folder = folder_.string();
  EXPECT_THAT([&] { make_data(config, folder_, 0); }, ThrowsMessage<Error>(HasSubstr("no folder")));
  fs::create_directories(folder_ / "train");
  EXPECT_THAT([&] { make_data(config, folder_, 0); }, ThrowsMessage<Error>(HasSubstr("holds no .png, .jpg or .jpeg")));
  io::write_png(folder_ / "train" / "small.png", picture(20, 64, 3));
  EXPECT_THAT([&] { make_data(config, folder_, 0); },
              ThrowsMessage<Error>(HasSubstr("64 x 20 pixels violates >= data.crop = 32")));
  io::write_png(folder_ / "train" / "small.png", picture(40, 64, 3));
  fs::create_directories(folder_ / "test");
  io::write_png(folder_ / "test" / "small.png", picture(40, 64, 3));
  config.test_crop = 48;
  EXPECT_THAT([&] { make_data(config, folder_, 0); },
              ThrowsMessage<Error>(HasSubstr("64 x 40 pixels violates >= data.test_crop = 48")));
  EXPECT_FALSE(fs::exists(folder_ / "data.safetensors"));
}

TEST_F(ImageDataTest, CropsLieWithinTheirPhotoAndReachItsBorders) {
  const Tensor photo = dead_leaves(40, 3);
  bool top = false, bottom = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Crop crop = random_crop(photo, 32, seed);
    ASSERT_TRUE(crop.top >= 0 && crop.top <= 8 && crop.left >= 0 && crop.left <= 8);
    EXPECT_TRUE(
        (crop.image * 255).round().equal(photo.narrow(1, crop.top, 32).narrow(2, crop.left, 32).to(at::kFloat)));
    top |= crop.top == 0;
    bottom |= crop.top == 8;
  }
  EXPECT_TRUE(top && bottom);
}

// A photo's mean squared step between neighbours is small against its variance, and its detail is at every scale: the
// step over two pixels is between once and twice the variance of that over one.
TEST(DeadLeaves, HaveTheStatisticsOfPhotos) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Tensor x = dead_leaves(96, seed).to(at::kDouble) / 255;
    const auto step = [&](std::int64_t d) {
      return (x.narrow(2, d, 96 - d) - x.narrow(2, 0, 96 - d)).square().mean().item<double>();
    };
    EXPECT_GT(x.var().item<double>(), 0.01);
    EXPECT_LT(step(1), 0.5 * x.var().item<double>());
    EXPECT_GT(step(2), step(1));
    EXPECT_LT(step(2), 2.5 * step(1));
    EXPECT_FALSE(x.equal(dead_leaves(96, seed + 100).to(at::kDouble) / 255));
  }
}

// The photos and the kernel of the paper's case study, where they are given.
TEST_F(ImageDataTest, RealPhotosAreBlurredToTheKnownQuality) {
  const char* root = std::getenv("FATHOM_DATA");
  if (root == nullptr || !fs::exists(fs::path(root) / "images/train"))
    GTEST_SKIP() << "FATHOM_DATA names no folder with images/train: real photos are not tested";
  const DataConfig config{.folder = (fs::path(root) / "images").string(),
                          .kernel = (fs::path(root) / "kernels/levin_1.npy").string(),
                          .crop = 128,
                          .train = 20,
                          .test = 20};
  const ImageData data = make_data(config, folder_, 0);
  // 20.75 dB over another draw of crops of these photos; crops of one photo spread by some 3 dB.
  EXPECT_NEAR(data.statistics.at("blurred psnr, test"), 20.75, 3 * 3 / std::sqrt(20.0));
  EXPECT_EQ(data.statistics.at("photos, train"), 40);
}

}  // namespace
}  // namespace fathom::imaging
