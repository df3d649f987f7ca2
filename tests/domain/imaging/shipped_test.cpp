// The model that ships with the program: blurs and pictures that it was not trained on, of odd sides.
#include <filesystem>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn_like.h>

#include <gtest/gtest.h>

#include "fathom/domain/imaging/deblur.h"
#include "fathom/domain/imaging/kernels.h"
#include "fathom/domain/imaging/leaves.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/domain/imaging/run_files.h"
#include "fathom/tensor/device.h"

namespace fathom::imaging {
namespace {

constexpr std::uint64_t kHeldOut = 20261126;
constexpr double kNoise = 0.03;
constexpr double kRate = 0.95;  // that the training keeps the step's growth below (train.growth_bound)

struct Scene {
  Tensor kernel, x, y;
};

Scene scene(const Tensor& kernel, double noise = kNoise) {
  tensor::seed(kHeldOut);
  const Tensor x = dead_leaves(101, kHeldOut).narrow(1, 0, 83).to(at::kFloat).unsqueeze(0) / 255;
  return {kernel, x, Blur(kernel, 83, 101).apply(x) + noise * at::randn_like(x)};
}

double quality(const Scene& s, const Deblurred& answer) { return psnr(answer.image, s.x).front(); }

// Two answers of residual `tolerance` lie within 2 tolerance / (1 - rate) of one fixed point's norm.
TEST(ShippedImagingModel, RestoresUnseenBlursToTheSameImageByBothSolvers) {
  const at::NoGradGuard no_grad;
  tensor::set_threads(1);
  const Trained trained = load_trained(std::filesystem::path(FATHOM_SOURCE_DIR) / "models/imaging.safetensors");
  for (const Tensor& kernel : {motion_kernel(11, 70), defocus_kernel(2.5), motion_kernel(15, 20)}) {
    const Scene s = scene(kernel);
    DeblurOptions options{.noise = kNoise, .circular = true};
    const Deblurred anderson = deblur(s.y, s.kernel, trained.model.get(), options);
    options.solver = "picard";
    const Deblurred picard = deblur(s.y, s.kernel, trained.model.get(), options);
    options.method = "gradient-tikhonov";
    const Deblurred classical = deblur(s.y, s.kernel, nullptr, options);
    EXPECT_EQ(anderson.status, "converged");
    EXPECT_EQ(picard.status, "converged");
    EXPECT_LE(picard.iterations, options.iterations);
    EXPECT_LT(anderson.iterations, picard.iterations);
    EXPECT_LT(((anderson.image - picard.image).norm() / picard.image.norm()).item<double>(),
              2 * options.tolerance / (1 - kRate));
    EXPECT_GT(quality(s, anderson), quality(s, classical));
    EXPECT_GT(quality(s, anderson), psnr(s.y, s.x).front() + 1);
  }
}

TEST(ShippedImagingModel, GainsFromKnowingThatThereIsLessNoise) {
  const at::NoGradGuard no_grad;
  tensor::set_threads(1);
  const Trained trained = load_trained(std::filesystem::path(FATHOM_SOURCE_DIR) / "models/imaging.safetensors");
  EXPECT_NEAR(trained.training.noise, kNoise, 1e-12);
  const Scene s = scene(motion_kernel(11, 70), kNoise / 3);
  DeblurOptions options{.noise = kNoise / 3, .circular = true};
  const Deblurred as_trained = deblur(s.y, s.kernel, trained.model.get(), options);
  options.trained_noise = trained.training.noise;
  const Deblurred told = deblur(s.y, s.kernel, trained.model.get(), options);
  EXPECT_EQ(told.status, "converged");
  EXPECT_GT(quality(s, told), quality(s, as_trained) + 1);
}

}  // namespace
}  // namespace fathom::imaging
