// The map may close over any torch::nn module, in training and in evaluation mode.
#include <gtest/gtest.h>

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include "fathom/diff/equilibrium.h"
#include "tests/diff/cell.h"
#include "tests/support/close.h"
#include "tests/support/gradcheck.h"

namespace fathom::diff {
namespace {

using namespace testing_support;
namespace nn = torch::nn;

constexpr solve::Stop kTight{.rtol = 1e-13, .max_iter = 400};
const Implicit kExact{.rtol = 1e-13, .max_iter = 400};

void compare(nn::Sequential block, const Tensor& x) {
  const auto gradients = [&](const Gradient& gradient) {
    const Map map([&](const Tensor& y) { return 0.4 * block->forward(y) + x; });
    const Tensor y = equilibrium(map, at::zeros_like(x), solve::Anderson{}, gradient, kTight).y.only();
    return torch::autograd::grad({loss_of(y)}, block->parameters());
  };
  const Inputs actual = gradients(kExact), expected = gradients(Unrolled{.steps = 150});
  ASSERT_EQ(actual.size(), block->parameters().size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_TRUE(close(actual[i], expected[i], Tol{}.plus(1e-9))) << i;
}

TEST(Module, DenseWithDropoutAndBatchNormInEvaluation) {
  at::manual_seed(5);
  nn::Sequential block(nn::Linear(6, 9), nn::BatchNorm1d(9), nn::Tanh(), nn::Dropout(0.5), nn::Linear(9, 6),
                       nn::Tanh());
  block->to(at::kDouble);
  block->eval();
  compare(block, at::randn({4, 6}, at::kDouble));
}

TEST(Module, DenseInTraining) {
  at::manual_seed(5);
  nn::Sequential block(nn::Linear(6, 9), nn::Tanh(), nn::Linear(9, 6), nn::Tanh());
  block->to(at::kDouble);
  block->train();
  compare(block, at::randn({4, 6}, at::kDouble));
}

TEST(Module, Convolution) {
  at::manual_seed(5);
  nn::Sequential block(nn::Conv2d(nn::Conv2dOptions(2, 3, 3).padding(1)), nn::Tanh(),
                       nn::Conv2d(nn::Conv2dOptions(3, 2, 3).padding(1)), nn::Tanh());
  block->to(at::kDouble);
  compare(block, at::randn({2, 2, 5, 5}, at::kDouble));
}

}  // namespace
}  // namespace fathom::diff
