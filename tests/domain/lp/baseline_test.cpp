#include "fathom/domain/lp/baseline.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/domain/lp/generate.h"

namespace fathom::lp {
namespace {

using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Instance bounded(std::vector<double> c, std::vector<double> l, std::vector<double> u) {
  const auto n = static_cast<std::int64_t>(c.size());
  return {.m = 0, .n = n, .c = std::move(c), .l = std::move(l), .u = std::move(u)};
}

TEST(Baseline, PredictsFromBoundsAndCosts) {
  const Instance p = bounded({1, -1, 0}, {-2, -2, -2}, {6, 6, 6});
  EXPECT_THAT(predict(Baseline::zero, p), ElementsAre(0, 0, 0));
  EXPECT_THAT(predict(Baseline::midpoint, p), ElementsAre(2, 2, 2));
  EXPECT_THAT(predict(Baseline::cost_sign, p), ElementsAre(-2, 6, 2));
}

TEST(Baseline, InfiniteBoundsGiveFinitePredictionsWithinTheBounds) {
  const Instance p = bounded({1, -1, 1, -1}, {-kInfinity, 3, -kInfinity, -kInfinity}, {kInfinity, kInfinity, -4, -4});
  EXPECT_THAT(predict(Baseline::midpoint, p), ElementsAre(0, 3, -4, -4));
  EXPECT_THAT(predict(Baseline::cost_sign, p), ElementsAre(0, 3, -4, -4));
}

TEST(Baseline, ErrorIsTheMeanRelativeDistance) {
  const Dataset data{{bounded({1, 1}, {0, 0}, {1, 1}), bounded({1, 1}, {0, 0}, {1, 1})}, {{3, 4}, {0, 0}}};
  EXPECT_DOUBLE_EQ(baseline_error(Baseline::zero, data), 0.5 * (5.0 / 6 + 0));
  EXPECT_EQ(baseline_error(Baseline::zero, {}), 0);
}

// The figures of the paper's distribution: .984, .728, .619, known from some 600 programs. Ours agree within four
// standard errors of both samples; the third decimal of the reference adds its rounding.
TEST(Baseline, ReproducesTheFiguresOfThePapersDistribution) {
  constexpr double kReference[] = {0.984, 0.728, 0.619}, kReferenceCount = 600;
  const Dataset data = generate({}, 2000, 0, "baselines", Protocol::exact).data;
  const auto count = static_cast<double>(data.instances.size());
  for (std::size_t i = 0; i < kBaselines.size(); ++i) {
    const double mean = baseline_error(kBaselines[i], data);
    double square = 0;
    for (std::size_t k = 0; k < data.instances.size(); ++k) {
      const double e = baseline_error(kBaselines[i], {{data.instances[k]}, {data.solutions[k]}});
      square += (e - mean) * (e - mean);
    }
    const double spread = std::sqrt(square / count * (1 / count + 1 / kReferenceCount));
    EXPECT_NEAR(mean, kReference[i], 4 * spread + 0.0005) << to_string(kBaselines[i]);
  }
}

}  // namespace
}  // namespace fathom::lp
