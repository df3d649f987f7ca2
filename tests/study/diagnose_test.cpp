#include "fathom/study/diagnose.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "fathom/tensor/convert.h"

namespace fathom::study {
namespace {

// y+ = y R' + 1 with R a rotation by one radian times `radius`: every eigenvalue and singular value is `radius`.
Map rotation(double radius) {
  const double c = radius * std::cos(1.0), s = radius * std::sin(1.0);
  const Tensor r = tensor::from_doubles({c, s, -s, c}, {2, 2}, at::kDouble);
  return Map([r](const Tensor& y, const Rows&) { return at::matmul(y, r) + 1; });
}

TEST(Diagnose, SeesTheSpectrumOfARotation) {
  const Diagnosis d = diagnose(rotation(0.9), at::zeros({3, 2}, at::kDouble), {.rtol = 1e-10, .max_iter = 500});
  for (int row = 0; row < 3; ++row) {
    EXPECT_EQ(d.picard_status[row], "converged");
    EXPECT_NEAR(d.contraction[row], 0.9, 1e-3);
    EXPECT_NEAR(d.spectral_radius[row], 0.9, 1e-3);
    EXPECT_NEAR(d.sigma_max[row], 0.9, 1e-3);
    EXPECT_LT(d.residual[row], 1e-9);
    EXPECT_NEAR(d.order[row], 1, 1e-3);
    EXPECT_LT(d.floor[row], 1e-15);
    EXPECT_LT(d.path_distance[row], 2e-9);  // 2 rtol / (1 - .9)
    EXPECT_LT(d.anderson_iterations[row], d.picard_iterations[row]);
  }
  EXPECT_THAT(verdict(d), testing::HasSubstr("contractive at every fixed point"));
  EXPECT_EQ(to_table(d).rows.size(), 9u);
}

TEST(Diagnose, SaysWhenTheFixedPointRepels) {
  const Diagnosis d = diagnose(rotation(1.5), at::zeros({1, 2}, at::kDouble), {.rtol = 1e-10, .max_iter = 500});
  EXPECT_NE(d.picard_status[0], "converged");
  EXPECT_NEAR(d.spectral_radius[0], 1.5, 2e-3);
  EXPECT_THAT(verdict(d), testing::HasSubstr("attracting at 0%"));
}

}  // namespace
}  // namespace fathom::study
