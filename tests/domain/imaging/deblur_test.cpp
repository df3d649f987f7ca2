#include "fathom/domain/imaging/deblur.h"

#include <cmath>
#include <limits>
#include <memory>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn_like.h>
#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/classical.h"
#include "fathom/domain/imaging/kernels.h"
#include "fathom/domain/imaging/picture.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/solve/fixed_point.h"
#include "tests/support/close.h"

namespace fathom::imaging {
namespace {

using testing::HasSubstr;

constexpr double kUnit = std::numeric_limits<float>::epsilon() / 2;
// Layer by layer 64 u of Winograd's method at some 30 layers, iteration by iteration again.
double rounding(std::int64_t iterations) { return 30 * 64 * kUnit * static_cast<double>(iterations); }

double apart(const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

// A denoiser of random weights contracts: its residual branches have gain 0.2 and its head and tail shrink everything.
std::shared_ptr<DeblurModel> model_of(const char* step, std::int64_t channels, const char* kind = "implicit",
                                      std::int64_t layers = 1) {
  ModelOptions options{.kind = kind, .step = step, .layers = layers, .stepsize = step[0] == 'p' ? 1.0 : 4.0};
  options.network = {.channels = channels, .widths = {16, 16, 16, 16}, .blocks = 1};
  auto model = make_model(options, 3);
  model->eval();
  return model;
}

// A scene of discs, blurred around its borders and with noise.
struct Scene {
  Tensor kernel = motion_kernel(7, 20), x, y;
  explicit Scene(std::int64_t colours, std::int64_t height = 40, std::int64_t width = 64) {
    torch::manual_seed(6);
    const Blur soft(defocus_kernel(9), height, width);
    x = (soft.apply(at::rand({1, colours, height, width})) > 0.5).to(at::kFloat) * 0.8 + 0.1;
    y = Blur(kernel, height, width).apply(x) + 0.02 * at::randn_like(x);
  }
};

// Told that the photo's noise is 0.02 and what the training's was; 0: it is taken as it was trained.
Deblurred answer_of(const Scene& scene, const DeblurModel& model, double trained_noise) {
  const at::NoGradGuard no_grad;
  return deblur(scene.y, scene.kernel, &model, {.noise = 0.02, .trained_noise = trained_noise, .circular = true});
}

TEST(Deblur, HqsHoldsMoreToDataOfLessNoise) {
  const Scene scene(3);
  const auto model = model_of("hqs", 3), heavier = model_of("hqs", 3);
  const Deblurred as_trained = answer_of(scene, *model, 0), equal = answer_of(scene, *model, 0.02);
  EXPECT_EQ(as_trained.noise, 0);
  EXPECT_TRUE(at::equal(equal.image, as_trained.image));
  EXPECT_EQ(equal.noise, 0.02);
  {
    const at::NoGradGuard no_grad;
    heavier->step(0).stepsize.mul_(9);  // (0.06 / 0.02)^2
  }
  const Deblurred less = answer_of(scene, *model, 0.06), by_hand = answer_of(scene, *heavier, 0);
  EXPECT_EQ(less.status, by_hand.status);
  EXPECT_EQ(less.iterations, by_hand.iterations);
  EXPECT_LT(apart(less.image, by_hand.image), rounding(less.iterations));
  EXPECT_GT(apart(less.image, as_trained.image), 100 * rounding(less.iterations));
}

TEST(Deblur, PgdIsTakenAsItWasTrained) {
  const Scene scene(3);
  const auto model = model_of("pgd", 3);
  const Deblurred plain = answer_of(scene, *model, 0), told = answer_of(scene, *model, 0.06);
  EXPECT_TRUE(at::equal(told.image, plain.image));
  EXPECT_EQ(told.noise, 0);
}

TEST(Deblur, AModelIsIteratedAsItsMap) {
  const at::NoGradGuard no_grad;
  const Scene scene(3);
  for (const char* step : {"pgd", "hqs", "denoise"}) {
    SCOPED_TRACE(step);
    const auto model = model_of(step, 3);
    std::vector<std::int64_t> seen;
    const Deblurred answer = deblur(scene.y, scene.kernel, model.get(),
                                    {.solver = "picard", .iterations = 5, .tolerance = 0, .circular = true},
                                    [&](std::int64_t t, double residual, const Tensor& image) {
                                      seen.push_back(t);
                                      EXPECT_GT(residual, 0);
                                      EXPECT_EQ(image.sizes(), scene.y.sizes());
                                      return true;
                                    });
    EXPECT_EQ(answer.status, "max_iter");
    EXPECT_EQ(answer.iterations, 5);
    EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
    // The answer is the iterate at which the map was evaluated last, x_4.
    const Blur blur(scene.kernel, 40, 64);
    EXPECT_LE(apart(answer.image, model->forward(blur, scene.y, 4)), rounding(4));
    EXPECT_EQ(answer.windows, 1);
  }
}

TEST(Deblur, BothSolversFindTheModelsFixedPoint) {
  const at::NoGradGuard no_grad;
  const Scene scene(3);
  const auto model = model_of("hqs", 3);
  const Blur blur(scene.kernel, 40, 64);
  for (const char* solver : {"picard", "anderson"}) {
    const Deblurred answer =
        deblur(scene.y, scene.kernel, model.get(), {.solver = solver, .tolerance = 1e-4, .circular = true});
    ASSERT_EQ(answer.status, "converged") << solver;
    EXPECT_LE(answer.residual, 1e-4);
    const Tensor g = model->map(blur, scene.y)(answer.image).only();
    EXPECT_LE(apart(answer.image, g), 1e-4 + rounding(1));
  }
}

TEST(Deblur, AnUnrolledModelRunsItsLayers) {
  const at::NoGradGuard no_grad;
  const Scene scene(3);
  const auto model = model_of("pgd", 3, "unrolled", 3);
  const Deblurred answer = deblur(scene.y, scene.kernel, model.get(), {.circular = true});
  EXPECT_EQ(answer.status, "done");
  EXPECT_EQ(answer.iterations, 3);
  EXPECT_TRUE(std::isnan(answer.residual));
  EXPECT_LE(apart(answer.image, model->forward(Blur(scene.kernel, 40, 64), scene.y)), rounding(3));
}

TEST(Deblur, GreyAndColourFitEveryModel) {
  const at::NoGradGuard no_grad;
  const Scene grey(1), colour(3);
  const DeblurOptions options{.solver = "picard", .iterations = 3, .tolerance = 0};
  const Tensor one = deblur(grey.y, grey.kernel, model_of("hqs", 3).get(), options).image;
  const Tensor three =
      deblur(grey.y.expand({1, 3, 40, 64}).contiguous(), grey.kernel, model_of("hqs", 3).get(), options).image;
  EXPECT_EQ(one.sizes(), grey.y.sizes());
  EXPECT_LE(apart(one, three.mean(1, true)), rounding(1));
  const auto model = model_of("hqs", 1);
  const Tensor all = deblur(colour.y, colour.kernel, model.get(), options).image;
  EXPECT_EQ(all.sizes(), colour.y.sizes());
  for (std::int64_t c = 0; c < 3; ++c) {
    const Tensor channel = deblur(colour.y.narrow(1, c, 1).clone(), colour.kernel, model.get(), options).image;
    EXPECT_TRUE(at::equal(all.narrow(1, c, 1), channel)) << c;
  }
}

TEST(Deblur, TilesForLittleMemoryGiveTheSameImage) {
  const at::NoGradGuard no_grad;
  const Scene scene(3, 150, 320);
  const auto model = model_of("hqs", 3);
  DeblurOptions options{.iterations = 2, .tolerance = 0};
  const Deblurred whole = deblur(scene.y, scene.kernel, model.get(), options);
  options.memory = 6;
  const Deblurred tiled = deblur(scene.y, scene.kernel, model.get(), options);
  EXPECT_EQ(whole.windows, 1);
  EXPECT_GT(tiled.windows, 1);
  EXPECT_LE(apart(tiled.image, whole.image), rounding(2));
}

TEST(Deblur, StopsWhenTheWatchOrTheClockSaysSo) {
  const Scene scene(1);
  Tensor last;
  const Deblurred stopped = deblur(scene.y, scene.kernel, nullptr, {.method = "tv", .tolerance = 0},
                                   [&](std::int64_t t, double, const Tensor& image) {
                                     last = image.clone();
                                     return t < 4;
                                   });
  EXPECT_EQ(stopped.status, "stopped");
  EXPECT_EQ(stopped.iterations, 4);
  EXPECT_TRUE(at::equal(stopped.image, last));
  const Deblurred late =
      deblur(scene.y, scene.kernel, nullptr, {.method = "tv", .iterations = 100000, .tolerance = 0, .seconds = 0.05});
  EXPECT_EQ(late.status, "budget");
  EXPECT_GE(late.iterations, 1);
  EXPECT_LT(late.iterations, 100000);
}

TEST(Deblur, ClassicalMethodsImproveAndFindTheNoise) {
  const Scene scene(3, 96, 96);
  const double before = psnr(scene.y, scene.x)[0];
  double best = 0;
  for (const char* method : {"tikhonov", "gradient-tikhonov", "tv"}) {
    const Deblurred answer = deblur(scene.y, scene.kernel, nullptr, {.method = method, .circular = true});
    const double after = psnr(answer.image, scene.x)[0];
    EXPECT_GT(after, before + 1) << method;
    EXPECT_GT(answer.noise, 0.02 * 0.95) << method;
    EXPECT_LT(answer.noise, 0.02 * 1.5) << method << ": the discs' borders count as noise too";
    best = after;
  }
  EXPECT_GT(best, before + 4) << "flat discs are what total variation is for";
  const Deblurred told =
      deblur(scene.y, scene.kernel, nullptr, {.method = "tikhonov", .noise = 0.02, .circular = true});
  EXPECT_EQ(told.noise, 0.02);
  const Blur blur(scene.kernel, 96, 96);
  EXPECT_TRUE(at::equal(told.image, tikhonov(blur, scene.y, tikhonov_gamma(0.02))));
}

TEST(Deblur, RefusesWhatCannotBe) {
  const Scene scene(1);
  const auto expect = [&](const char* text, const Tensor& y, const Tensor& kernel, const DeblurOptions& options) {
    try {
      deblur(y, kernel, nullptr, options);
      ADD_FAILURE() << "expected " << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  };
  expect("[imaging::deblur] kernel = (1 x 65) violates <= the photo's 40 x 64", scene.y, motion_kernel(65, 0),
         {.method = "tv"});
  expect("method = model violates a model given; tv needs none", scene.y, scene.kernel, {});
  expect("method = tvv violates model|tikhonov|gradient-tikhonov|tv", scene.y, scene.kernel, {.method = "tvv"});
  expect("solver = newton violates anderson|picard", scene.y, scene.kernel, {.method = "tv", .solver = "newton"});
  expect("iterations = 0 violates >= 1", scene.y, scene.kernel, {.method = "tv", .iterations = 0});
  expect("noise = -1 violates >= 0", scene.y, scene.kernel, {.method = "tv", .noise = -1});
  expect("photo = Float (1, 2, 40, 64) violates", at::rand({1, 2, 40, 64}), scene.kernel, {.method = "tv"});
}

TEST(Picture, ComesBackAsItWas) {
  for (const std::int64_t channels : {1, 2, 3, 4}) {
    for (const std::int64_t depth : {8, 16}) {
      io::Image image{5, 3, channels, depth, {}};
      for (std::int64_t i = 0; i < image.samples(); ++i)
        image.pixels.push_back(static_cast<std::uint16_t>(i * 7919 % (depth == 8 ? 256 : 65536)));
      const Tensor colours = colours_of(image);
      EXPECT_EQ(colours.sizes(), at::IntArrayRef({1, channels >= 3 ? 3 : 1, 3, 5}));
      EXPECT_EQ(with_colours(image, colours), image) << channels << " channels of " << depth;
      EXPECT_EQ(with_colours(image, colours + 2).at(1, 1, 0), depth == 8 ? 255 : 65535);
      EXPECT_EQ(with_colours(image, colours - 2).at(1, 1, 0), 0);
      if (channels % 2 == 0) {
        EXPECT_EQ(with_colours(image, colours - 2).at(1, 1, channels - 1), image.at(1, 1, channels - 1));
      }
    }
  }
}

}  // namespace
}  // namespace fathom::imaging
