#include "fathom/domain/imaging/kernels.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <numbers>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/npy.h"
#include "fathom/io/png.h"
#include "fathom/tensor/convert.h"

namespace fathom::imaging {
namespace {

using testing::HasSubstr;

// Sums of at most 1e4 numbers in double.
constexpr double kRounding = 1e-11;

double at(const Tensor& k, std::int64_t row, std::int64_t column) { return k[row][column].item<double>(); }

// Mean of w |p|^2 about the middle, along x and y.
std::pair<double, double> second_moments(const Tensor& k) {
  double xx = 0, yy = 0;
  for (std::int64_t row = 0; row < k.size(0); ++row) {
    for (std::int64_t column = 0; column < k.size(1); ++column) {
      const double x = static_cast<double>(column - k.size(1) / 2), y = static_cast<double>(row - k.size(0) / 2);
      xx += at(k, row, column) * x * x;
      yy += at(k, row, column) * y * y;
    }
  }
  return {xx, yy};
}

TEST(Kernels, SumToOneAndAreTheirOwnMirrorImages) {
  for (const char* name : {"delta", "gaussian:0.4", "gaussian:2.5", "motion:1,0", "motion:9,0", "motion:15.5,33",
                           "motion:7,-120", "defocus:0.5", "defocus:4.2"}) {
    const Tensor k = read_kernel(name).weights;
    EXPECT_NEAR(k.sum().item<double>(), 1, kRounding) << name;
    EXPECT_GE(k.min().item<double>(), 0) << name;
    EXPECT_TRUE(at::allclose(k, turned(k), 0, kRounding)) << name;
    EXPECT_EQ(k.size(0) % 2, 1);
    EXPECT_EQ(k.size(1) % 2, 1);
  }
}

TEST(Kernels, MotionAlongARowIsThatManyEqualPixels) {
  EXPECT_TRUE(at::allclose(motion_kernel(5, 0), at::full({1, 5}, 0.2, at::kDouble), 0, kRounding));
  EXPECT_TRUE(at::allclose(motion_kernel(5, 90), at::full({5, 1}, 0.2, at::kDouble), 0, kRounding));
  EXPECT_TRUE(at::equal(motion_kernel(1, 40), delta_kernel()));
}

TEST(Kernels, MotionTurnsCounterClockwise) {
  const Tensor k = motion_kernel(9, 45);
  EXPECT_EQ(k.sizes(), at::IntArrayRef({7, 7}));  // ceil(4 cos 45) = 3 to each side
  EXPECT_GT(at(k, 1, 5), 0.05);                   // up and to the right
  EXPECT_EQ(at(k, 5, 5), 0);
  EXPECT_TRUE(at::allclose(motion_kernel(9, 225), k, 0, kRounding));
  EXPECT_TRUE(at::allclose(motion_kernel(9, -45), k.flip({0}), 0, kRounding));
}

TEST(Kernels, GaussianHasItsVariance) {
  // Cut off beyond 3 sigma, where the tail holds 0.7% of the variance's integrand in each direction, 2.9% of it.
  const auto [xx, yy] = second_moments(gaussian_kernel(2));
  EXPECT_NEAR(xx, 4, 0.03 * 4);
  EXPECT_NEAR(xx, yy, kRounding);
  const Tensor k = gaussian_kernel(2);
  EXPECT_NEAR(at(k, 6, 8) / at(k, 6, 6), std::exp(-0.5), kRounding);
}

TEST(Kernels, DefocusIsADisc) {
  // A disc's second moment along an axis is R^2 / 4, and a pixel's own square adds none as its points are counted.
  const double R = 6.3;
  const Tensor k = defocus_kernel(R);
  const auto [xx, yy] = second_moments(k);
  EXPECT_NEAR(xx, R * R / 4, 1.0 / 12 + 0.05);
  EXPECT_NEAR(xx, yy, kRounding);
  EXPECT_NEAR(at(k, k.size(0) / 2, k.size(1) / 2), 1 / (std::numbers::pi * R * R), 2e-5);
  EXPECT_EQ(at(k, 0, 0), 0);
}

class KernelFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("fathom-kernel-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string npy(const Tensor& values) {
    const std::string path = (folder_ / "k.npy").string();
    io::write_npy(path, io::from_doubles("", values.sizes().vec(), tensor::to_doubles(values)));
    return path;
  }
  std::string png(const io::Image& image) {
    const std::string path = (folder_ / "k.png").string();
    io::write_png(path, image);
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(KernelFile, IsScaledToSumOneAndSaysWhatItWas) {
  for (const auto& [h, w] : {std::pair{3, 5}, {4, 6}, {1, 1}}) {  // even sides too
    const Tensor k = at::rand({h, w}, at::kDouble);
    const NamedKernel read = read_kernel(npy(k));
    EXPECT_NEAR(read.given_sum, k.sum().item<double>(), kRounding);
    EXPECT_TRUE(at::allclose(read.weights, k / k.sum(), 0, kRounding));
  }
  EXPECT_EQ(read_kernel(npy(at::ones({1, 1, 2, 3}))).weights.sizes(), at::IntArrayRef({2, 3}));
}

TEST_F(KernelFile, PicturesGiveTheirLight) {
  const Tensor want = tensor::from_doubles({0, 0.2, 0.3, 0.5}, {2, 2}, at::kDouble);
  const NamedKernel grey = read_kernel(png({2, 2, 1, 8, {0, 20, 30, 50}}));
  EXPECT_TRUE(at::allclose(grey.weights, want, 0, kRounding));
  EXPECT_EQ(grey.given_sum, 100);
  EXPECT_TRUE(
      at::allclose(read_kernel(png({2, 2, 2, 16, {0, 9, 2000, 9, 3000, 9, 5000, 9}})).weights, want, 0, kRounding));
  const NamedKernel rgb = read_kernel(png({2, 2, 3, 8, {0, 0, 0, 60, 0, 0, 30, 30, 30, 50, 100, 0}}));
  EXPECT_TRUE(at::allclose(rgb.weights, want, 0, kRounding));
}

template <class Call>
void expect_error(const char* text, const Call& call) {
  try {
    call();
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(Kernels, RefuseWhatIsNone) {
  expect_error(
      "kernel = gausian:2 violates delta, gaussian:SIGMA, motion:LENGTH,ANGLE, defocus:RADIUS, FILE.npy or "
      "FILE.png; did you mean 'gaussian'?",
      [] { read_kernel("gausian:2"); });
  expect_error("kernel = motion:5 violates motion:LENGTH,ANGLE; it takes 2 numbers", [] { read_kernel("motion:5"); });
  expect_error("it takes 0 numbers", [] { read_kernel("delta:1"); });
  expect_error("'x' is no number", [] { read_kernel("motion:5,x"); });
  expect_error("'nan' is no number", [] { read_kernel("gaussian:nan"); });
  expect_error("gaussian's sigma = -1 violates > 0", [] { read_kernel("gaussian:-1"); });
  expect_error("defocus's radius = 0.1 violates >= 0.5", [] { read_kernel("defocus:.1"); });
  expect_error("gaussian reaches 3000 pixels, which violates <= 511", [] { read_kernel("gaussian:1000"); });
  expect_error("no-such.npy", [] { read_kernel("no-such.npy"); });
}

TEST_F(KernelFile, RefusesWhatIsNoKernel) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_error("k.npy holds NaN or infinity", [&] { read_kernel(npy(at::full({3, 3}, nan, at::kDouble))); });
  expect_error("k.npy's least weight = -1 violates >= 0", [&] { read_kernel(npy(at::full({3, 3}, -1, at::kDouble))); });
  expect_error("k.npy's sum = 0 violates > 0", [&] { read_kernel(npy(at::zeros({3, 3}, at::kDouble))); });
  expect_error("k.npy's shape = [2, 3, 3] violates (h, w)", [&] { read_kernel(npy(at::ones({2, 3, 3}))); });
  expect_error("k.npy's shape = (1, 1025) violates", [&] { read_kernel(npy(at::ones({1, 1025}))); });
  expect_error("k.png's sum = 0", [&] { read_kernel(png({2, 1, 1, 8, {0, 0}})); });
}

}  // namespace
}  // namespace fathom::imaging
