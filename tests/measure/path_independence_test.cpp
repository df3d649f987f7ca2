#include "fathom/measure/path_independence.h"

#include <cmath>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/support/problems.h"

namespace fathom::measure {
namespace {

TEST(PathIndependence, OfAContractionIsWithinItsTolerance) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const testing_support::Problem problem = testing_support::affine_of_radius(0.8, 4, 6, type);
    const double rtol = type == at::kFloat ? 1e-5 : 1e-10;
    const PathIndependence p = path_independence(problem.map, random_starts(problem.y0, 4, 10), solve::Anderson{},
                                                 {.rtol = rtol, .max_iter = 300});
    for (std::size_t row = 0; row < 4; ++row) {
      EXPECT_EQ(p.converged[row], 4);
      EXPECT_LE(p.distance[row], 2 * rtol / (1 - 0.8) + 8 * rtol);
    }
  }
}

// y+ = y - (y^3 - y) / 3 goes to +1 or -1 by the sign of its start, and stays at 0.
TEST(PathIndependence, TellsTwoEquilibriaApart) {
  const Map map([](const Tensor& y, const Rows&) { return y - (y * y * y - y) / 3; });
  const auto start = [](double a, double b) { return State(at::tensor({a, b}, at::kDouble).view({2, 1})); };
  const PathIndependence p = path_independence(map, {start(0.5, 0.5), start(-0.5, 0.9), start(0.2, 1.2)},
                                               solve::Picard{}, {.rtol = 1e-10, .max_iter = 300});
  EXPECT_NEAR(p.distance[0], 2, 1e-8);  // |1 - -1| / 1
  EXPECT_NEAR(p.distance[1], 0, 1e-9);
}

TEST(PathIndependence, IsUnknownWhereNothingConverged) {
  const Tensor gain = at::tensor({0.5, 3.0}, at::kDouble).view({2, 1});
  const Map map([gain](const Tensor& y, const Rows& rows) { return rows.of(gain) * y + 1; });
  const PathIndependence p =
      path_independence(map, random_starts(State(at::zeros({2, 1}, at::kDouble)), 3, 1), solve::Picard{});
  EXPECT_LE(p.distance[0], 1e-4);
  EXPECT_TRUE(std::isnan(p.distance[1]));
  EXPECT_EQ(p.converged, (std::vector<std::int64_t>{3, 0}));
  EXPECT_THROW(path_independence(map, {State(at::zeros({2, 1}))}), Error);
}

TEST(PathIndependence, StartsAreSeededAndOfTheLengthAskedFor) {
  const State y0(at::ones({3, 2, 2}));
  const std::vector<State> a = random_starts(y0, 3, 5, 7), b = random_starts(y0, 3, 5, 7),
                           c = random_starts(y0, 3, 5, 8);
  EXPECT_TRUE(at::equal(a[0].only(), y0.only()));
  EXPECT_TRUE(at::equal(a[2].only(), b[2].only()));
  EXPECT_FALSE(at::equal(a[2].only(), c[2].only()));
  EXPECT_FALSE(at::equal(a[1].only(), a[2].only()));
  EXPECT_NEAR(at::linalg_vector_norm(a[1].only()[1]).item<double>(), 5, 1e-5);
}

}  // namespace
}  // namespace fathom::measure
