#include "fathom/measure/lipschitz.h"

#include <cmath>
#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/measure/residual.h"
#include "fathom/measure/summary.h"
#include "fathom/tensor/convert.h"

namespace fathom::measure {
namespace {

TEST(Lipschitz, OfALinearMapIsBelowItsNormAndTendsToIt) {
  at::manual_seed(1);
  const Tensor W = at::randn({6, 6}, at::kDouble), x = at::randn({1, 6}, at::kDouble);
  const double norm = at::linalg_matrix_norm(W, 2).item<double>();
  double most = 0, last_gap = norm;
  for (const std::int64_t pairs : {10, 1000, 100000}) {
    const Tensor moved = x + at::randn({pairs, 6}, at::kDouble), at_x = x.expand_as(moved);
    const Summary s = summarize(lipschitz(at::linear(at_x, W), at::linear(moved, W), at_x, moved));
    EXPECT_EQ(s.count, pairs);
    EXPECT_LE(s.max, norm * (1 + 1e-12));
    EXPECT_LE(s.mean, s.max);
    most = std::max(most, s.max);
    EXPECT_LE(norm - most, last_gap);
    last_gap = norm - most;
  }
  EXPECT_GT(most, 0.97 * norm);
}

TEST(Lipschitz, AlongTheTopSingularVectorIsTheNorm) {
  at::manual_seed(1);
  const Tensor W = at::randn({6, 6}, at::kDouble), x = at::randn({1, 6}, at::kDouble);
  const auto [U, S, Vh] = at::linalg_svd(W);
  const Tensor moved = x + 1e-3 * Vh.narrow(0, 0, 1);
  EXPECT_NEAR(lipschitz(at::linear(x, W), at::linear(moved, W), x, moved)[0], S[0].item<double>(), 1e-10);
}

// y_t(x) = (1 - (1 - eta x)^t) / x, the iterates of y - eta (x y - 1) from 0: near x = 0 the slope is eta^2 t (t - 1)
// / 2.
TEST(Lipschitz, OfTheIteratesForOneOverXGrowsAsTheClosedFormSays) {
  const double eta = 0.5;
  const Tensor x = at::full({1, 1}, 1e-6, at::kDouble), moved = at::full({1, 1}, 2e-6, at::kDouble);
  Tensor y = at::zeros_like(x), y_moved = at::zeros_like(x);
  for (int t = 1; t <= 30; ++t) {
    y = y - eta * (x * y - 1);
    y_moved = y_moved - eta * (moved * y_moved - 1);
    // The next term of the expansion is eta x t smaller; the difference of y ~ eta t loses eps y / dx.
    EXPECT_NEAR(lipschitz(y, y_moved, x, moved)[0], eta * eta * t * (t - 1) / 2, 1e-4 * t * t);
  }
}

TEST(Lipschitz, JoinsThePartsOfAState) {
  const State a({at::zeros({2, 2}, at::kDouble), at::zeros({2, 1}, at::kDouble)});
  const State b({at::full({2, 2}, 2.0, at::kDouble), at::full({2, 1}, 1.0, at::kDouble)});
  EXPECT_EQ(distance(a, b), (std::vector<double>{3, 3}));  // sqrt(4 + 4 + 1)
}

TEST(Lipschitz, ASampleThatDidNotMoveIsNoPair) {
  const std::vector<double> ratio = lipschitz(std::vector<double>{0, 1, 2}, std::vector<double>{0, 0, 4});
  EXPECT_TRUE(std::isnan(ratio[0]) && std::isnan(ratio[1]));
  EXPECT_DOUBLE_EQ(ratio[2], 0.5);
  EXPECT_EQ(summarize(ratio).count, 1);
}

TEST(Lipschitz, RefusesWhatIsNoPair) {
  EXPECT_THROW(distance(at::zeros({2, 3}), at::zeros({3, 3})), Error);
  EXPECT_THROW(distance(at::zeros({2, 3}), at::zeros({2, 4})), Error);
  EXPECT_THROW(lipschitz(std::vector<double>{1}, std::vector<double>{1, 2}), Error);
}

TEST(Residual, OfAnAffineMap) {
  const Map map([](const Tensor& y, const Rows&) { return 0.5 * y + 1; });
  const Tensor y = tensor::from_doubles({2, 2, 0, 0, std::nan(""), 0}, {3, 2}, at::kDouble).requires_grad_(true);
  const Residual r = residual(map, y);
  EXPECT_EQ(r.absolute[0], 0);
  EXPECT_EQ(r.relative[0], 0);
  EXPECT_DOUBLE_EQ(r.absolute[1], std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(r.relative[1], 1);
  EXPECT_TRUE(std::isnan(r.absolute[2]) && std::isnan(r.relative[2]));
  EXPECT_THROW(residual([](const Tensor& z) { return z.narrow(1, 0, 1); }, at::zeros({2, 2})), Error);
}

TEST(Residual, OfChosenRowsUsesTheirContext) {
  const Tensor c = tensor::from_doubles({1, 2, 3}, {3, 1}, at::kDouble);
  const Map map([&](const Tensor& y, const Rows& rows) { return 0 * y + rows.of(c); });
  const Rows rows(tensor::from_int64s({2, 0}, {2}));
  EXPECT_EQ(residual(map, at::zeros({2, 1}, at::kDouble), rows).absolute, (std::vector<double>{3, 1}));
}

}  // namespace
}  // namespace fathom::measure
