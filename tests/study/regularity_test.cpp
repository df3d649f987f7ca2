#include "fathom/study/regularity.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"

namespace fathom::study {
namespace {

using testing::HasSubstr;

// G(y, x) = y - eta (x y - 1), whose fixed point is 1 / x: dG/dy = 1 - eta x, |dG/dx| = eta |y|, and
// y_t = (1 - (1 - eta x)^t) / x.
constexpr double kEta = 0.5;
const measure::Joint kReciprocal = [](const State& y, const State& x) -> State {
  return State(y.only() - kEta * (x.only() * y.only() - 1));
};

TEST(Regularity, OfTheReciprocalHasItsClosedForms) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const double tolerance = type == at::kFloat ? 1e-4 : 1e-9;
    const std::vector<double> xs{0.1, 0.4, 1.0};
    const Tensor x = tensor::from_doubles(xs, {3, 1}, type);
    const Regularity r = probe_regularity(kReciprocal, State(at::zeros_like(x)), State(x), 20);
    EXPECT_EQ(r.t, (std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 20}));
    for (std::size_t i = 0; i < r.t.size(); ++i) {
      const auto t = static_cast<double>(r.t[i]);
      for (std::size_t row = 0; row < 3; ++row) {
        const double q = 1 - kEta * xs[row], y = (1 - std::pow(q, t)) / xs[row];
        EXPECT_NEAR(r.mu[i][row], q, tolerance);
        EXPECT_NEAR(r.radius[i][row], q, tolerance);
        EXPECT_NEAR(r.size[i][row], y, tolerance * 10);
        EXPECT_NEAR(r.input_gain[i][row], kEta * y, tolerance * 10);
        const double slope = t > 0 ? kEta * t * std::pow(q, t - 1) / xs[row] - y / xs[row] : 0;
        if (t > 0) {
          EXPECT_NEAR(r.sensitivity[i][row], std::abs(slope), tolerance * 100);
        } else {
          EXPECT_TRUE(std::isnan(r.sensitivity[i][row]));
        }
      }
    }
    EXPECT_THAT(verdict(r), HasSubstr("looks regular: mu = ||dG/dy|| is at most 0.95"));
  }
}

Regularity of_matrix(std::vector<double> entries) {
  const Tensor W = tensor::from_doubles(entries, {2, 2}, at::kDouble);
  const measure::Joint G = [W](const State& y, const State& x) -> State {
    return State(at::linear(y.only(), W) + x.only());
  };
  return probe_regularity(G, State(at::zeros({2, 2}, at::kDouble)), State(at::ones({2, 2}, at::kDouble)), 4);
}

TEST(Regularity, VerdictFollowsTheNumbers) {
  EXPECT_THAT(verdict(of_matrix({0.5, 0, 0, 0.25})), HasSubstr("looks regular: mu = ||dG/dy|| is at most 0.5"));
  const Regularity shear = of_matrix({0.5, 3, 0, 0.5});
  EXPECT_THAT(verdict(shear), HasSubstr("may be regular, in a norm other than the 2-norm"));
  EXPECT_THAT(verdict(shear), HasSubstr("2 of 2 inputs"));
  const Regularity growing = of_matrix({1.25, 0, 0, 0.5});
  EXPECT_THAT(verdict(growing), HasSubstr("does not look regular: dG/dy has a spectral radius of up to 1.25"));
  // dy_4/dx = 1 + 1.25 + 1.25^2 + 1.25^3
  EXPECT_THAT(verdict(growing), HasSubstr("||dy_t/dx|| grows to 5.77 at t = 4"));
  EXPECT_THAT(verdict(of_matrix({NAN, 0, 0, 1})), HasSubstr("Nothing can be said"));
}

TEST(Regularity, ComesAsATableAndAsCurves) {
  const Regularity r = of_matrix({0.5, 0, 0, 0.25});
  const base::Table table = to_table(r);
  ASSERT_EQ(table.rows.size(), 4u);
  EXPECT_NEAR(std::stod(table.rows[0].back()), 0.5, 1e-3);  // the power iteration stops at 1e-3
  const std::vector<base::Curve> list = curves(r, "m");
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0].quantity, "mu");
  EXPECT_EQ(list[3].t, (std::vector<double>{0, 1, 2, 4}));
  EXPECT_TRUE(std::isnan(list[3].mean[0]));
  EXPECT_NEAR(list[3].max[3], 1.875, 1e-3);
  EXPECT_NEAR(list[2].mean[1], 1, 1e-9);
  EXPECT_THROW(probe_regularity(kReciprocal, State(at::zeros({1, 1})), State(at::ones({1, 1})), 0), Error);
}

}  // namespace
}  // namespace fathom::study
