#include "fathom/measure/spectral.h"

#include <cmath>
#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"

namespace fathom::measure {
namespace {

using tensor::from_doubles;

// y -> y A', one matrix for all rows: J = A.
Map linear(const Tensor& A) {
  return Map([A](const Tensor& y, const Rows&) { return at::linear(y, A); });
}

Tensor rotation(double radius, double angle, at::ScalarType type = at::kDouble) {
  const double c = radius * std::cos(angle), s = radius * std::sin(angle);
  return from_doubles({c, -s, s, c}, {2, 2}, type);
}

TEST(SpectralRadius, OfARotationIsItsRadius) {
  for (const double angle : {0.1, 1.0, std::acos(-1.0) / 2, 3.0}) {
    const Spectral s = spectral_radius(linear(rotation(0.9, angle)), at::zeros({3, 2}, at::kDouble));
    for (std::size_t row = 0; row < 3; ++row) {
      EXPECT_NEAR(s.value[row], 0.9, 1e-12);
      EXPECT_TRUE(s.converged[row]);
    }
    EXPECT_EQ(s.products, 2);
  }
}

// A rotation of radius .9 among real eigenvalues up to .8, hidden by a change of basis, wider than the Arnoldi space.
TEST(SpectralRadius, FindsAComplexPairAmongManyEigenvalues) {
  at::manual_seed(4);
  Tensor D = at::diag(at::linspace(-0.8, 0.8, 200, at::kDouble));
  D.narrow(0, 0, 2).narrow(1, 0, 2).copy_(rotation(0.9, 1.0));
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    const Tensor P = std::get<0>(at::linalg_qr(at::randn({200, 200}, at::kDouble)));
    const Tensor A = P.matmul(D).matmul(P.t()).to(type);
    const Spectral s = spectral_radius(linear(A), at::zeros({2, 200}, type));
    EXPECT_NEAR(s.value[0], 0.9, 0.009);
    EXPECT_EQ(s.value[0], s.value[1]);
    EXPECT_TRUE(s.converged[0]);
    EXPECT_LE(s.residual[0], 1e-3);
  }
}

TEST(SpectralRadius, RestartsUntilItConverges) {
  at::manual_seed(4);
  const Tensor D = at::diag(at::linspace(0, 0.95, 100, at::kDouble));
  const Spectral s =
      spectral_radius(linear(D), at::zeros({1, 100}, at::kDouble), {.rtol = 1e-4, .max_iter = 2000, .restart = 8});
  EXPECT_TRUE(s.converged[0]);
  EXPECT_GT(s.products, 8);
  EXPECT_NEAR(s.value[0], 0.95, 0.95e-4);  // normal: the residual bounds the error
}

TEST(SpectralRadius, IsThatOfTheNonlinearMapAtThePoint) {
  const Map map([](const Tensor& y, const Rows&) { return at::sin(y) * at::arange(1, 4, at::kDouble); });
  const Tensor y = from_doubles({0, 0, 0, 1.5, 1.5, 0}, {2, 3}, at::kDouble);
  const Spectral s = spectral_radius(map, y);
  EXPECT_NEAR(s.value[0], 3, 1e-10);
  EXPECT_NEAR(s.value[1], 3, 1e-10);
  EXPECT_NEAR(spectral_radius(map, from_doubles({0, 0, 1.5}, {1, 3}, at::kDouble)).value[0], 2, 1e-10);
}

TEST(SpectralRadius, OfADefectiveAndANilpotentMatrix) {
  const Tensor jordan = from_doubles({0.5, 1, 0, 0.5}, {2, 2}, at::kDouble),
               nilpotent = from_doubles({0, 1, 0, 0}, {2, 2}, at::kDouble);
  EXPECT_NEAR(spectral_radius(linear(jordan), at::zeros({1, 2}, at::kDouble)).value[0], 0.5,
              1e-7);  // sqrt(eps): defective
  EXPECT_NEAR(spectral_radius(linear(nilpotent), at::zeros({1, 2}, at::kDouble)).value[0], 0, 1e-7);
  EXPECT_NEAR(sigma_max(linear(nilpotent), at::zeros({1, 2}, at::kDouble)).value[0], 1, 1e-12);
}

TEST(SpectralRadius, OfAConstantMapIsZero) {
  const Tensor c = at::ones({2, 3}, at::kDouble);
  const Map map([&](const Tensor&) { return c; });
  EXPECT_EQ(spectral_radius(map, at::zeros({2, 3}, at::kDouble)).value, (std::vector<double>{0, 0}));
  EXPECT_EQ(sigma_max(map, at::zeros({2, 3}, at::kDouble)).value, (std::vector<double>{0, 0}));
}

TEST(SpectralRadius, ANaNRowIsUnknownAloneAndRowsDoNotMatterToEachOther) {
  const Tensor gain = from_doubles({0.3, std::nan(""), 0.8}, {3, 1}, at::kDouble), A = rotation(1, 0.4);
  const auto map_of = [&](const Tensor& g) {
    return Map([g, A](const Tensor& y, const Rows& rows) { return rows.of(g) * at::linear(y, A); });
  };
  for (const auto& method : {spectral_radius, sigma_max}) {
    const Spectral s = method(map_of(gain), at::zeros({3, 2}, at::kDouble), {}, {});
    EXPECT_NEAR(s.value[0], 0.3, 1e-12);
    EXPECT_TRUE(std::isnan(s.value[1]));
    EXPECT_FALSE(s.converged[1]);
    EXPECT_NEAR(s.value[2], 0.8, 1e-12);
    const Spectral alone = method(map_of(gain.narrow(0, 2, 1)), at::zeros({1, 2}, at::kDouble), {}, {});
    EXPECT_EQ(alone.value[0], s.value[2]);
  }
}

TEST(SigmaMax, OfARandomMatrixIsItsNormFromBelow) {
  at::manual_seed(6);
  const Tensor A = at::randn({60, 60}, at::kDouble) / 8;
  const double norm = at::linalg_matrix_norm(A, 2).item<double>();
  const Spectral s = sigma_max(linear(A), at::zeros({2, 60}, at::kDouble), {.rtol = 1e-4, .max_iter = 1000});
  EXPECT_TRUE(s.converged[0]);
  EXPECT_LE(s.value[0], norm * (1 + 1e-12));
  EXPECT_GT(s.value[0], norm * (1 - 1e-3));
}

TEST(SigmaMax, IsNeverBelowTheRadius) {
  at::manual_seed(7);
  for (int trial = 0; trial < 5; ++trial) {
    const Tensor A = at::randn({20, 20}, at::kDouble);
    const double sigma = sigma_max(linear(A), at::zeros({1, 20}, at::kDouble)).value[0];
    EXPECT_GE(sigma * (1 + 1e-2), spectral_radius(linear(A), at::zeros({1, 20}, at::kDouble)).value[0]);
  }
}

TEST(SigmaMax, WorksOnStatesOfSeveralTensors) {
  const Map map([](const State& s, const Rows&) -> State {
    return State({2 * s[0].flip(1), 0.5 * s[1] + s[0].sum({1, 2}).unsqueeze(1)});
  });
  const State y({at::zeros({2, 2, 2}, at::kDouble), at::zeros({2, 1}, at::kDouble)});
  // On the sums the block is (2, 0; sqrt 4, .5): sigma^2 from its Gram matrix; elsewhere 2.
  const double a = 4 + 4, b = 2 * 0.5, d = 0.25;
  const double expected = std::sqrt((a + d) / 2 + std::sqrt((a - d) * (a - d) / 4 + b * b));
  EXPECT_NEAR(sigma_max(map, y, {.rtol = 1e-8}).value[0], expected, 1e-6);
  EXPECT_NEAR(spectral_radius(map, y).value[1], 2, 1e-8);
}

TEST(Spectral, RefuseBadOptionsAndSayWhenTheyDidNotConverge) {
  EXPECT_THROW(spectral_radius(linear(rotation(1, 1)), at::zeros({1, 2}, at::kDouble), {.restart = 1}), UsageError);
  EXPECT_THROW(sigma_max(linear(rotation(1, 1)), at::zeros({1, 2}, at::kDouble), {.rtol = 0}), UsageError);
  const Tensor D = at::diag(at::linspace(0, 1, 300, at::kDouble));
  const Spectral s =
      spectral_radius(linear(D), at::zeros({1, 300}, at::kDouble), {.rtol = 1e-6, .max_iter = 5, .restart = 5});
  EXPECT_FALSE(s.converged[0]);
  EXPECT_GT(s.residual[0], 1e-6);
}

}  // namespace
}  // namespace fathom::measure
