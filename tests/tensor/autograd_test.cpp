#include "fathom/tensor/autograd.h"

#include <cmath>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/support/close.h"

namespace fathom::tensor {
namespace {

using testing_support::close;
using testing_support::Tol;

constexpr auto kDouble = at::kDouble;

Tensor random(std::int64_t rows, std::int64_t columns) {
  return at::randn({rows, columns}, at::TensorOptions(kDouble));
}

// y -> tanh(y W'), whose Jacobian at a row is diag(1 - g^2) W.
struct TanhMap {
  Tensor weight;
  Map map() const {
    return Map([w = weight](const Tensor& y, const Rows&) { return at::tanh(at::mm(y, w.t())); });
  }
  Tensor slope(const Tensor& y) const { return 1 - at::tanh(at::mm(y, weight.t())).square(); }
};

TEST(Vjp, MatchesTheJacobianByHand) {
  at::manual_seed(1);
  const Tensor a = random(3, 2).requires_grad_(true), b = random(2, 4).requires_grad_(true);
  const Tensor u = random(3, 4);
  const auto gradients = vjp({at::mm(a, b)}, {a, b}, {u});
  EXPECT_TRUE(close(gradients[0], at::mm(u, b.t()).detach(), Tol::of(kDouble).ops(4)));
  EXPECT_TRUE(close(gradients[1], at::mm(a.t(), u).detach(), Tol::of(kDouble).ops(4)));
}

TEST(Vjp, InputsOutOfReachGetZeros) {
  const Tensor a = random(2, 2).requires_grad_(true), b = random(2, 2).requires_grad_(true), u = random(2, 2);
  EXPECT_TRUE(at::equal(vjp({2 * a}, {a, b}, {u})[1], at::zeros_like(b)));
  EXPECT_TRUE(at::equal(vjp({at::ones({2, 2})}, {a}, {u})[0], at::zeros_like(a))) << "outputs without a graph";
  EXPECT_TRUE(at::equal(vjp({at::ones({2, 2}), 3 * a}, {a}, {u, u})[0], 3 * u)) << "a mixture";
}

TEST(Vjp, CreateGraphGivesSecondDerivatives) {
  const Tensor x = at::full({1}, 2., at::TensorOptions(kDouble)).requires_grad_(true),
               one = at::ones({1}, at::TensorOptions(kDouble));
  const Tensor first = vjp({x.pow(3)}, {x}, {one}, true, true)[0];
  EXPECT_NEAR(vjp({first}, {x}, {one})[0].item<double>(), 12, 1e-14);
}

TEST(Linearization, AppliesTheJacobianAndItsTranspose) {
  at::manual_seed(2);
  const TanhMap cell{random(5, 5)};
  const Tensor y = random(3, 5), u = random(3, 5), v = random(3, 5);
  const Linearization at_y(cell.map(), y);
  EXPECT_TRUE(close(at_y.value().only(), cell.map()(y).only(), Tol::of(kDouble)));
  EXPECT_FALSE(at_y.value().only().requires_grad());
  for (int repeat = 0; repeat < 2; ++repeat) {  // the tape serves more than once
    EXPECT_TRUE(close(at_y.vjp(u), at::mm(u * cell.slope(y), cell.weight), Tol::of(kDouble).ops(25)));
    EXPECT_TRUE(close(at_y.jvp(v), at::mm(v, cell.weight.t()) * cell.slope(y), Tol::of(kDouble).ops(25)));
  }
}

TEST(Linearization, JvpAndVjpAreAdjoint) {
  at::manual_seed(3);
  const TanhMap cell{random(7, 7)};
  const Linearization at_y(cell.map(), random(4, 7));
  for (int repeat = 0; repeat < 5; ++repeat) {
    const Tensor u = random(4, 7), v = random(4, 7);
    const double left = (at_y.jvp(v) * u).sum().item<double>(), right = (v * at_y.vjp(u)).sum().item<double>();
    EXPECT_NEAR(left, right, 1e-12 * (std::abs(left) + 1));
  }
}

TEST(Linearization, WorksOnSeveralTensorsUnderNoGradAndOnSomeRows) {
  at::manual_seed(4);
  const Tensor scale = at::arange(1., 5., at::TensorOptions(kDouble)).view({4, 1});
  const Map swap([&](const State& y, const Rows& live) -> State {
    return std::vector<Tensor>{live.of(scale) * y[1], 2 * y[0]};
  });
  const State y(std::vector<Tensor>{random(2, 3), random(2, 3)});
  const at::NoGradGuard no_grad;
  const Linearization at_y(swap, y, Rows(at::tensor(std::vector<std::int64_t>{3, 1}, at::TensorOptions(at::kLong))));
  const Tensor u = random(2, 6), rows = at::tensor(std::vector<double>{4, 2}, at::TensorOptions(kDouble)).view({2, 1});
  const Tensor left = u.narrow(1, 0, 3), right = u.narrow(1, 3, 3);
  EXPECT_TRUE(close(at_y.vjp(u), at::cat({2 * right, rows * left}, 1), Tol::of(kDouble)));
  EXPECT_TRUE(close(at_y.jvp(u), at::cat({rows * right, 2 * left}, 1), Tol::of(kDouble)));
}

TEST(Linearization, RefusesAMapThatChangesTheShape) {
  try {
    Linearization(Map([](const Tensor& y) { return y.narrow(1, 0, 1); }), random(2, 3));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("[tensor::Linearization] G changed the shape"));
  }
}

}  // namespace
}  // namespace fathom::tensor
