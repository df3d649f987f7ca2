#include "fathom/train/adam.h"

#include <gtest/gtest.h>

#include <cmath>

#include <ATen/ops/complex.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/view_as_real.h>

#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::train {
namespace {

// Algorithm 1 of Kingma and Ba on one number.
double reference(double theta, const std::vector<double>& gradients, const AdamOptions& o) {
  double m = 0, v = 0;
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    const auto t = static_cast<double>(k + 1);
    m = o.beta1 * m + (1 - o.beta1) * gradients[k];
    v = o.beta2 * v + (1 - o.beta2) * gradients[k] * gradients[k];
    theta -= o.lr * (m / (1 - std::pow(o.beta1, t))) / (std::sqrt(v / (1 - std::pow(o.beta2, t))) + o.eps);
  }
  return theta;
}

TEST(Adam, FollowsAlgorithm1InFloat64) {
  const AdamOptions options{.lr = 0.1};
  Tensor theta = tensor::from_doubles({1.0, -2.0}, {2}, at::kDouble).requires_grad_(true);
  Adam adam({theta}, options);
  const std::vector<std::vector<double>> gradients = {{0.5, -1}, {0.1, 3}, {-2, 1e-9}, {0, 0}};
  for (const std::vector<double>& g : gradients) {
    theta.mutable_grad() = tensor::from_doubles(g, {2}, at::kDouble);
    adam.step(options.lr);
  }
  EXPECT_EQ(adam.steps(), 4);
  for (int i = 0; i < 2; ++i) {
    std::vector<double> mine;
    for (const auto& g : gradients) mine.push_back(g[i]);
    // A dozen operations a step on numbers of size 1.
    EXPECT_NEAR(theta[i].item<double>(), reference(i == 0 ? 1.0 : -2.0, mine, options), 4 * 12 * 2.3e-16 * 10);
  }
}

TEST(Adam, TreatsComplexNumbersAsPairsOfReals) {
  tensor::seed(3);
  const Tensor real = at::randn({5, 2}, at::kDouble), gradient = at::randn({5, 2}, at::kDouble);
  Tensor pairs = real.clone().requires_grad_(true);
  Tensor numbers = at::complex(real.select(1, 0), real.select(1, 1)).requires_grad_(true);
  Adam a({pairs}, {}), b({numbers}, {});
  for (int step = 0; step < 3; ++step) {
    pairs.mutable_grad() = gradient.clone();
    numbers.mutable_grad() = at::complex(gradient.select(1, 0), gradient.select(1, 1));
    a.step(0.1);
    b.step(0.1);
  }
  EXPECT_EQ(tensor::to_doubles(pairs), tensor::to_doubles(at::view_as_real(numbers.detach())));
}

// The step of a pair is as long as that of a number of the gradient's length, and turns with its phase.
TEST(Adam, DeclaredPairsShareASecondMoment) {
  const AdamOptions options{.lr = 0.1};
  Tensor pair = tensor::from_doubles({1, 1}, {1, 2}, at::kDouble).requires_grad_(true);
  Tensor number = tensor::from_doubles({0}, {1}, at::kDouble).requires_grad_(true);
  Adam adam({pair, number}, options, {true, false});
  for (const double length : {5.0, 10.0, 2.5}) {
    pair.mutable_grad() = tensor::from_doubles({0.6 * length, 0.8 * length}, {1, 2}, at::kDouble);
    number.mutable_grad() = tensor::from_doubles({length}, {1}, at::kDouble);
    adam.step(options.lr);
  }
  const double moved = number.item<double>();
  EXPECT_NEAR(pair.select(1, 0).item<double>(), 1 + 0.6 * moved, 1e-14);
  EXPECT_NEAR(pair.select(1, 1).item<double>(), 1 + 0.8 * moved, 1e-14);
}

TEST(Adam, WeightDecayIsPartOfTheGradient) {
  Tensor decayed = tensor::from_doubles({2}, {1}, at::kDouble).requires_grad_(true),
         plain = decayed.detach().clone().requires_grad_(true);
  Adam a({decayed}, {.lr = 0.1, .weight_decay = 0.5}), b({plain}, {.lr = 0.1});
  for (int step = 0; step < 3; ++step) {
    decayed.mutable_grad() = tensor::from_doubles({0.25}, {1}, at::kDouble);
    plain.mutable_grad() = plain.detach().mul(0.5).add(0.25);
    a.step(0.1);
    b.step(0.1);
  }
  EXPECT_DOUBLE_EQ(decayed.item<double>(), plain.item<double>());
}

TEST(Adam, LeavesParametersWithoutAGradient) {
  Tensor a = tensor::from_doubles({1}, {1}).requires_grad_(true),
         b = tensor::from_doubles({1}, {1}).requires_grad_(true);
  Adam adam({a, b}, {});
  a.mutable_grad() = tensor::from_doubles({3}, {1});
  EXPECT_DOUBLE_EQ(adam.gradient_norm(), 3);
  adam.scale_gradients(0.5);
  EXPECT_DOUBLE_EQ(adam.gradient_norm(), 1.5);
  adam.step(0.1);
  EXPECT_LT(a.item<double>(), 1);
  EXPECT_EQ(b.item<double>(), 1);
  adam.zero_grad();
  EXPECT_FALSE(a.grad().defined());
}

}  // namespace
}  // namespace fathom::train
