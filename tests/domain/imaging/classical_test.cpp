#include "fathom/domain/imaging/classical.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/kernels.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/io/npy.h"
#include "fathom/measure/metrics.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/convert.h"

namespace fathom::imaging {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kH = 20, kW = 14;

// Doubles; sums of a few hundred numbers of size 1, over |H|^2 + 1/gamma of at least 0.01.
constexpr double kRounding = 1e-11;

struct Blurred {
  Blur blur{gaussian_kernel(1), kH, kW, at::kDouble};
  Tensor x, y;
  Blurred() {
    torch::manual_seed(4);
    x = at::rand({2, 3, kH, kW}, at::kDouble);
    y = blur.apply(x) + 0.03 * at::randn_like(x);
  }
};

double largest(const Tensor& x) { return x.abs().max().item<double>(); }

TEST(Classical, TikhonovSolvesItsNormalEquations) {
  const Blurred at;
  const Tensor x = tikhonov(at.blur, at.y, 20);
  EXPECT_LE(largest(at.blur.normal(x) - at.blur.adjoint(at.y) + x / 20), kRounding);
}

// c |f|^2 in pixels: f of a wave of m periods down and n across is (m / H, n / W).
TEST(Classical, GradientTikhonovWeighsAWaveByItsFrequency) {
  const Blur blur(delta_kernel(), kH, kW, at::kDouble);
  const Tensor row = at::arange(kH, at::kDouble).unsqueeze(1), column = at::arange(kW, at::kDouble);
  const double f = std::hypot(3.0 / kH, 2.0 / kW);
  const Tensor wave = (2 * M_PI * (3.0 / kH * row - 2.0 / kW * column)).cos().reshape({1, 1, kH, kW});
  EXPECT_LE(largest(gradient_tikhonov(blur, wave, 5) - wave / (1 + 5 * f * f)), kRounding);
  EXPECT_LE(largest(gradient_tikhonov(blur, at::full({1, 1, kH, kW}, 0.4, at::kDouble), 5) - 0.4), kRounding);
}

TEST(Classical, DifferencesHaveTheirAdjoint) {
  const Tensor x = at::randn({2, 3, kH, kW}, at::kDouble), p = at::randn({2, 3, 2, kH, kW}, at::kDouble);
  const double left = (differences(x) * p).sum().item<double>(),
               right = (x * differences_adjoint(p)).sum().item<double>();
  EXPECT_NEAR(left, right, kRounding * static_cast<double>(p.numel()));
  EXPECT_EQ(largest(differences(at::full({1, 1, 4, 4}, 2.5))), 0);
}

Solution solved(const Blurred& at, double weight, const solve::Stop& stop) {
  return solve::fixed_point(total_variation_map(at.blur, at.y, weight, 0.05 / weight), total_variation_start(at.y),
                            solve::Picard{}, stop);
}

// What holds at the minimum and nowhere else, within what the stop rule left: r is the last step's size, and x and p
// move by at most that in each equation, divided by the step's own scale.
TEST(Classical, TotalVariationMeetsItsOptimalityConditions) {
  const Blurred at;
  constexpr double kWeight = 0.01, kTolerance = 1e-8;
  const Solution solution = solved(at, kWeight, {.rtol = kTolerance, .max_iter = 20000, .patience = 20000});
  ASSERT_TRUE(solution.converged()) << solution.message;
  const Tensor &x = solution.y[0], &p = solution.y[1], D = differences(x);
  const Tensor length = p.square().sum({1, 2}).sqrt(), slope = D.square().sum({1, 2}).sqrt();
  const double moved = kTolerance * std::sqrt(static_cast<double>(x[0].numel()));
  EXPECT_LE(largest(at.blur.normal(x) - at.blur.adjoint(at.y) + differences_adjoint(p)), 10 * moved);
  EXPECT_LE(length.max().item<double>(), kWeight * (1 + 1e-12));
  EXPECT_LE(largest((p * D).sum({1, 2}) - kWeight * slope), 10 * moved);
  EXPECT_GT((slope < 1e-6).to(at::kDouble).sum().item<double>(), 0) << "no flat pixel: the weight does nothing";
}

TEST(Classical, TotalVariationLowersItsEnergy) {
  const Blurred at;
  constexpr double kWeight = 0.01;
  const auto energy = [&](const Tensor& x) {
    const std::vector<double> each = total_variation_energy(at.blur, at.y, x, kWeight);
    return std::accumulate(each.begin(), each.end(), 0.0);
  };
  double before = energy(at.y);
  const double least = energy(solved(at, kWeight, {.rtol = 0, .max_iter = 4000, .patience = 4000}).y[0]);
  for (const std::int64_t iterations : {5, 20, 80, 320}) {
    const double now = energy(solved(at, kWeight, {.rtol = 0, .max_iter = iterations}).y[0]);
    EXPECT_LT(now, before) << iterations;
    EXPECT_GE(now, least);
    before = now;
  }
  EXPECT_LT(before - least, 1e-4 * least);
  EXPECT_LT(least, energy(tikhonov(at.blur, at.y, 10)));
  EXPECT_LT(least, energy(at.x));
}

// Of a step between two halves without blur: each moves towards the other by weight times its borders (2 a row) over
// its columns (W / 2 a row); of n equal channels each by 1 / sqrt(n) of that.
TEST(Classical, TotalVariationOfAStepIsKnown) {
  const Blur blur(delta_kernel(), 6, 8, at::kDouble);
  for (const std::int64_t channels : {1, 3}) {
    Tensor y = at::full({1, channels, 6, 8}, 0.2, at::kDouble);
    y.narrow(3, 4, 4).fill_(0.8);
    constexpr double kWeight = 0.1;
    const Solution solution =
        solve::fixed_point(total_variation_map(blur, y, kWeight, 1), total_variation_start(y), solve::Picard{},
                           {.rtol = 1e-12, .max_iter = 20000, .patience = 20000});
    ASSERT_TRUE(solution.converged()) << solution.message;
    const double moved = 2 * kWeight / 4 / std::sqrt(static_cast<double>(channels));
    EXPECT_LE(largest(solution.y[0].narrow(3, 0, 4) - (0.2 + moved)), 1e-9);
    EXPECT_LE(largest(solution.y[0].narrow(3, 4, 4) - (0.8 - moved)), 1e-9);
    EXPECT_NEAR(total_variation_energy(blur, y, y, kWeight)[0], kWeight * 12 * 0.6 * std::sqrt(channels), 1e-12);
  }
}

TEST(Classical, AnImageIsRestoredByItself) {
  const Blurred at;
  const solve::Stop stop{.rtol = 0, .max_iter = 30};
  const auto map = [&](const Tensor& y) { return total_variation_map(at.blur, y, 0.01, 10); };
  const auto answer = [&](const Tensor& y) {
    return solve::fixed_point(map(y), total_variation_start(y), solve::Picard{}, stop).y[0];
  };
  const Tensor both = answer(at.y);
  EXPECT_TRUE(at::equal(answer(at.y.flip(0)), both.flip(0)));
  EXPECT_TRUE(at::equal(answer(at.y.narrow(0, 1, 1).clone()), both.narrow(0, 1, 1)));
}

TEST(Classical, NoiseIsMeasuredWhereTheImageIsSmooth) {
  torch::manual_seed(8);
  const Tensor ramp = (at::arange(200, at::kDouble) / 200).expand({1, 1, 200, 200});
  EXPECT_LE(noise_of(ramp), kRounding);
  // |L y| has deviation sqrt(pi/2 - 1) of its mean at one pixel; neighbours share 9 numbers of noise.
  const double relative = std::sqrt((M_PI / 2 - 1) * 9 / (198.0 * 198.0));
  EXPECT_NEAR(noise_of(ramp + 0.05 * at::randn_like(ramp)), 0.05, 0.05 * 4 * relative);
  EXPECT_THROW(noise_of(at::rand({2, 9})), Error);
}

TEST(Classical, TheBestParameterIsTheBestOfThoseGiven) {
  const Blurred at;
  const std::vector<double> grid{0.5, 2, 8, 32, 128};
  const BestParameter best = best_parameter(tikhonov, at.blur, at.y, at.x, grid);
  for (const double gamma : grid) {
    const std::vector<double> psnr = measure::psnr(tikhonov(at.blur, at.y, gamma), at.x, 1);
    const double mean = (psnr[0] + psnr[1]) / 2;
    EXPECT_TRUE(gamma == best.parameter ? mean == best.psnr : mean < best.psnr) << gamma;
  }
}

TEST(Classical, RefusesParametersThatWeighNothing) {
  const Blurred at;
  const auto expect = [](const char* text, const auto& call) {
    try {
      call();
      ADD_FAILURE() << "expected " << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  };
  expect("[imaging::classical] gamma = 0 violates > 0", [&] { tikhonov(at.blur, at.y, 0); });
  expect("c = -1 violates > 0", [&] { gradient_tikhonov(at.blur, at.y, -1); });
  expect("weight = inf violates > 0 and finite", [&] { total_variation_map(at.blur, at.y, INFINITY, 1); });
  expect("tau = 0 violates > 0", [&] { total_variation_map(at.blur, at.y, 1, 0); });
}

// Photos that are not part of the project: with FATHOM_DATA=FOLDER, its images/test_crops128_u8.npy and
// kernels/levin_<n>.npy.
class ClassicalPhotos : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("FATHOM_DATA");
    if (data != nullptr) folder_ = data;
    if (folder_.empty() || !std::filesystem::exists(folder_ / "images/test_crops128_u8.npy"))
      GTEST_SKIP() << "set FATHOM_DATA to a folder with images/test_crops128_u8.npy and kernels/levin_<n>.npy";
    const io::TensorRecord record = io::read_npy(folder_ / "images/test_crops128_u8.npy");
    x_ = (tensor::from_doubles(io::to_doubles(record), record.shape, at::kDouble) / 255).permute({0, 3, 1, 2});
    x_ = x_.contiguous();
  }
  Blur blur(int kernel) const {
    const std::string file = (folder_ / fmt::format("kernels/levin_{}.npy", kernel)).string();
    return {read_kernel(file).weights, x_.size(2), x_.size(3), at::kDouble};
  }
  double mean_psnr(const Tensor& answer) const {
    const std::vector<double> each = psnr(answer, x_);
    return std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size());
  }
  std::filesystem::path folder_;
  Tensor x_;
};

// The case study's numbers are rounded to 0.01, their noise was drawn anew: of n pixels a PSNR then moves by
// 10 / ln 10 sqrt(2 / n), n the 20 x 3 x 128 x 128 numbers over the 17 x 17 that a kernel ties together; three of
// these.
TEST_F(ClassicalPhotos, ReachWhatTheCaseStudyReports) {
  const double moves = 0.005 + 3 * 10 / std::log(10.0) * std::sqrt(2.0 * 17 * 17 / static_cast<double>(x_.numel()));
  struct Row {
    int kernel;
    double blurred, gradient;
  };
  for (const Row& row : {Row{0, 21.2, 23.8}, Row{1, 20.75, 23.74}, Row{2, 21.4, 24.4}, Row{3, 17.8, 23.5}}) {
    SCOPED_TRACE(row.kernel);
    torch::manual_seed(row.kernel);
    const Blur A = blur(row.kernel);
    const Tensor y = A.apply(x_) + 0.03 * at::randn_like(x_);
    const double rounded = row.kernel == 1 ? moves : moves + 0.05;
    EXPECT_NEAR(mean_psnr(y), row.blurred, rounded);
    EXPECT_NEAR(mean_psnr(gradient_tikhonov(A, y, 3)), row.gradient, rounded);
    EXPECT_NEAR(noise_of(y), 0.03, 0.003);
    if (row.kernel != 1) continue;
    EXPECT_NEAR(mean_psnr(tikhonov(A, y, 20)), 21.58, moves);
    const BestParameter best = best_parameter(tikhonov, A, y, x_, {2, 5, 10, 15, 20, 30, 50});
    EXPECT_THAT(best.parameter, testing::AllOf(testing::Ge(10), testing::Le(20)));
  }
}

// Total variation knows what gradients' squares do not: edges.
TEST_F(ClassicalPhotos, TotalVariationBeatsBothTikhonovs) {
  torch::manual_seed(1);
  x_ = x_.narrow(0, 0, 8).contiguous();
  const Blur A = blur(1);
  const Tensor y = A.apply(x_) + 0.03 * at::randn_like(x_);
  const double weight = total_variation_weight(0.03);
  const Solution solution = solve::fixed_point(total_variation_map(A, y, weight, 0.05 / weight),
                                               total_variation_start(y), solve::Picard{}, {.rtol = 0, .max_iter = 60});
  for (const double relative : solution.relative) EXPECT_LT(relative, 1e-4);
  EXPECT_GT(mean_psnr(solution.y[0]), 0.5 + mean_psnr(gradient_tikhonov(A, y, gradient_tikhonov_c(0.03))));
  EXPECT_GT(mean_psnr(solution.y[0]), 2 + mean_psnr(tikhonov(A, y, tikhonov_gamma(0.03))));
}

}  // namespace
}  // namespace fathom::imaging
