#include "fathom/measure/metrics.h"

#include <cmath>
#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/measure/summary.h"
#include "fathom/tensor/convert.h"

namespace fathom::measure {
namespace {

using tensor::from_doubles;

TEST(Metrics, RelativeErrorWithAndWithoutTheOne) {
  const Tensor b = from_doubles({3, 4, 0, 0, 0, 0}, {3, 2}), a = from_doubles({3, 5, 0, 0, 0, 2}, {3, 2});
  const std::vector<double> plain = rel_l2(a, b), offset = rel_l2(a, b, 1);
  EXPECT_DOUBLE_EQ(plain[0], 1.0 / 5);
  EXPECT_DOUBLE_EQ(plain[1], 0);  // equal, both zero
  EXPECT_EQ(plain[2], std::numeric_limits<double>::infinity());
  EXPECT_DOUBLE_EQ(offset[0], 1.0 / 6);
  EXPECT_DOUBLE_EQ(offset[1], 0);
  EXPECT_DOUBLE_EQ(offset[2], 2);
  EXPECT_DOUBLE_EQ(summarize(offset).mean, (1.0 / 6 + 2) / 3);
}

TEST(Metrics, MeanSquareErrorIsOverTheElementsOfARow) {
  const Tensor b = at::zeros({2, 2, 2}, at::kDouble),
               a = from_doubles({1, 1, 1, 3, 0, 0, 0, 0}, {2, 2, 2}, at::kDouble);
  EXPECT_DOUBLE_EQ(mse(a, b)[0], 3);
  EXPECT_EQ(mse(a, b)[1], 0);
}

TEST(Metrics, PsnrOfKnownErrors) {
  const Tensor b = at::zeros({3, 1, 4, 4}, at::kDouble), off = from_doubles({0.1, 0.01, 0}, {3, 1, 1, 1}, at::kDouble);
  const std::vector<double> dB = psnr(b + off, b, 1);
  EXPECT_NEAR(dB[0], 20, 1e-12);
  EXPECT_NEAR(dB[1], 40, 1e-12);
  EXPECT_EQ(dB[2], std::numeric_limits<double>::infinity());
  EXPECT_NEAR(psnr(255 * (b + off), 255 * b, 255)[1], 40, 1e-12);
}

TEST(Metrics, BytesAreComparedAsNumbers) {
  const Tensor black = at::zeros({1, 2}, at::kByte), white = at::full({1, 2}, 255, at::kByte);
  EXPECT_DOUBLE_EQ(mse(black, white)[0], 255.0 * 255);
  EXPECT_DOUBLE_EQ(rel_l2(black, white)[0], 1);
}

TEST(Metrics, ANaNRowIsNaNAloneInEveryMetric) {
  const Tensor b = at::ones({3, 2}, at::kDouble);
  Tensor a = 2 * b;
  a[1][0] = std::numeric_limits<double>::quiet_NaN();
  for (const std::vector<double>& rows : {rel_l2(a, b), mse(a, b), psnr(a, b, 2)}) {
    EXPECT_TRUE(std::isnan(rows[1]));
    EXPECT_TRUE(std::isfinite(rows[0]) && std::isfinite(rows[2]));
    EXPECT_EQ(summarize(rows).count, 2);
  }
}

TEST(Metrics, SmallDifferencesOfLargeFloatsAreNotLost) {
  const Tensor b = at::full({1, 1000}, 1e4, at::kFloat), a = b + 0.0009765625;  // one unit of rounding of 1e4
  EXPECT_DOUBLE_EQ(mse(a, b)[0], 0.0009765625 * 0.0009765625);
}

TEST(Metrics, RefuseWhatDoesNotMatch) {
  const Tensor a = at::zeros({2, 3}), b = at::zeros({3, 2});
  EXPECT_THROW(rel_l2(a, b), Error);
  EXPECT_THROW(mse(at::zeros({}), at::zeros({})), Error);
  EXPECT_THROW(psnr(a, a, 0), Error);
  EXPECT_THROW(psnr(a, a, std::nan("")), Error);
  try {
    mse(a, b);
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "[measure::mse] shapes = [2, 3] and [3, 2] violate one shape (B, ...); compare a prediction with the "
                 "target of the same samples");
  }
}

}  // namespace
}  // namespace fathom::measure
