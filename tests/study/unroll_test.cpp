#include "fathom/study/unroll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"

namespace fathom::study {
namespace {

// y+ = y/2 + 1: y_t = 2 (1 - 2^-t) from 0, exact in binary.
const Map kHalve([](const Tensor& y) { return 0.5 * y + 1; });

TEST(Unroll, ProbesSeeEveryIterateOnce) {
  std::vector<std::int64_t> seen;
  const Probe value{"value", "all", [&](std::int64_t t, const State& y, const State& next) {
                      seen.push_back(t);
                      EXPECT_EQ(tensor::to_doubles(next.only()), tensor::to_doubles(0.5 * y.only() + 1));
                      return tensor::to_doubles(y.flat().select(1, 0));
                    }};
  const std::vector<base::Curve> curves =
      unroll(kHalve, at::zeros({3, 2}, at::kDouble), 5, "m", {value, relative_residual()});
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[0].model, "m");
  EXPECT_EQ(curves[0].quantity, "value");
  for (int t = 0; t <= 5; ++t) {
    EXPECT_EQ(curves[0].t[t], t);
    EXPECT_EQ(curves[0].mean[t], 2 * (1 - std::pow(2.0, -t)));
    EXPECT_EQ(curves[0].std[t], 0);
    EXPECT_EQ(curves[0].max[t], curves[0].mean[t]);
    // ||y_{t+1} - y_t|| / ||y_{t+1}|| = 2^-t / (2 - 2^-t)
    EXPECT_NEAR(curves[1].mean[t], std::pow(2.0, -t) / (2 - std::pow(2.0, -t)), 1e-15);
  }
}

TEST(Unroll, RecordsNoGraph) {
  const Tensor w = at::ones({1}, at::kDouble).requires_grad_(true);
  const Map map([&](const Tensor& y) { return w * y * 0.5; });
  const Probe graph{"graph", "all", [](std::int64_t, const State&, const State& next) {
                      return std::vector<double>{next.only().requires_grad() ? 1.0 : 0.0};
                    }};
  EXPECT_EQ(unroll(map, at::ones({1, 1}, at::kDouble), 2, "m", {graph})[0].max, (std::vector<double>{0, 0, 0}));
}

TEST(Unroll, RefusesNegativeIterations) { EXPECT_THROW(unroll(kHalve, at::zeros({1, 1}), -1, "m", {}), Error); }

TEST(CurvePoint, SpreadIsUnbiasedAndNonfiniteNumbersAreLeftOut) {
  base::Curve curve;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  add_point(curve, 1, {1, 2, nan, 6, std::numeric_limits<double>::infinity()});
  EXPECT_DOUBLE_EQ(curve.mean[0], 3);
  EXPECT_DOUBLE_EQ(curve.std[0], std::sqrt((4.0 + 1 + 9) / 2));
  EXPECT_EQ(curve.max[0], 6);
  add_point(curve, 2, {nan});
  EXPECT_TRUE(std::isnan(curve.mean[1]) && std::isnan(curve.std[1]) && std::isnan(curve.max[1]));
  add_point(curve, 3, {5});
  EXPECT_EQ(curve.std[2], 0);
}

}  // namespace
}  // namespace fathom::study
