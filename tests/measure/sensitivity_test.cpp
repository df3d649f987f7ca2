#include "fathom/measure/sensitivity.h"

#include <cmath>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::measure {
namespace {

// y+ = y A' + x B' with A, B diagonal: dy_t/dx = B (1 + A + ... + A^(t-1)).
const Joint kLinear = [](const State& y, const State& x) -> State {
  const Tensor A = at::diag(at::linspace(0.1, 0.9, 5, y.only().options())),
               B = at::ones({5, 5}, y.only().options()).triu();
  return State(at::linear(y.only(), A) + at::linear(x.only(), B.narrow(1, 0, 3)));
};

double exact(std::int64_t t) {
  const auto options = at::TensorOptions(at::kDouble);
  const Tensor A = at::diag(at::linspace(0.1, 0.9, 5, options)), B = at::ones({5, 5}, options).triu().narrow(1, 0, 3);
  Tensor sum = at::zeros({5, 3}, options);
  for (std::int64_t s = 0; s < t; ++s) sum = at::matmul(A, sum) + B;
  return at::linalg_matrix_norm(sum, 2).item<double>();
}

TEST(Sensitivity, OfALinearMapIsTheNormOfItsGeometricSum) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const State y0(at::zeros({2, 5}, type)), x(at::ones({2, 3}, type));
    for (const std::int64_t t : {1, 2, 5, 30}) {
      const Spectral s = sensitivity(kLinear, y0, x, t, {.rtol = 1e-5});
      EXPECT_TRUE(s.converged[0]);
      EXPECT_NEAR(s.value[1], exact(t), 1e-3 * exact(t));
      EXPECT_LE(s.value[0], exact(t) * (1 + 1e-5));
    }
    EXPECT_NEAR(input_gain(kLinear, y0, x, {.rtol = 1e-5}).value[0], exact(1), 1e-3 * exact(1));
  }
}

// G(y, x) = y - eta (x y - 1): y_t = (1 - (1 - eta x)^t) / x, and |dG/dx| = eta |y|.
TEST(Sensitivity, OfTheReciprocalHasItsClosedForm) {
  const double eta = 0.5;
  const Joint G = [eta](const State& y, const State& x) -> State {
    return State(y.only() - eta * (x.only() * y.only() - 1));
  };
  const Tensor x = at::linspace(0.05, 1, 8, at::kDouble).view({8, 1});
  for (const std::int64_t t : {1, 3, 10, 50}) {
    const Spectral s = sensitivity(G, State(at::zeros_like(x)), State(x), t);
    for (std::int64_t row = 0; row < 8; ++row) {
      const double at = x[row].item<double>(), q = 1 - eta * at;
      const double slope = (eta * static_cast<double>(t) * std::pow(q, t - 1)) / at - (1 - std::pow(q, t)) / (at * at);
      EXPECT_NEAR(s.value[row], std::abs(slope), 1e-10 * (1 + std::abs(slope)));
    }
  }
  const Spectral gain = input_gain(G, State(at::full({8, 1}, -3.0, at::kDouble)), State(x));
  EXPECT_NEAR(gain.value[4], 1.5, 1e-12);
}

TEST(Sensitivity, TakesInputsOfSeveralTensorsAndRefusesTheStart) {
  const Joint G = [](const State& y, const State& x) -> State { return State(0.5 * y.only() + 3 * x[0] + 4 * x[1]); };
  const State y(at::zeros({2, 2}, at::kDouble)), x({at::ones({2, 2}, at::kDouble), at::ones({2, 2}, at::kDouble)});
  EXPECT_NEAR(input_gain(G, y, x).value[0], 5, 1e-10);
  EXPECT_NEAR(sensitivity(G, y, x, 2).value[0], 7.5, 1e-10);
  EXPECT_THROW(sensitivity(G, y, x, 0), Error);
  EXPECT_THROW(input_gain([](const State&, const State& z) { return State(z[0].narrow(0, 0, 1)); }, y, x), Error);
}

}  // namespace
}  // namespace fathom::measure
