#include "fathom/nn/spectral_cell.h"

#include <cmath>
#include <type_traits>

#include <ATen/ops/randn.h>
#include <torch/nn/module.h>
#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/nn/packed.h"

namespace fathom::nn {
namespace {

using kernel::Activation;
using testing::HasSubstr;
using testing_support::Tol;

// Every output is a sum over all of a sample's numbers, scaled; the activation adds a few roundings.
template <class T>
void expect_packed(const SpectralCellOptions& options, std::int64_t samples, std::int64_t height, std::int64_t width) {
  torch::manual_seed(3);
  const auto dtype = std::is_same_v<T, float> ? at::kFloat : at::kDouble;
  SpectralCell cell(options);
  cell.to(dtype);
  const at::TensorOptions type(dtype);
  const Tensor x = at::randn({samples, options.channels, height, width}, type);
  const Tensor y = at::randn({samples, options.channels, height, width}, type);
  const auto terms = static_cast<double>(options.channels * height * width);
  expect_packed_cell<T>(cell.map(x), y, Tol::of(dtype).ops(terms));
}

template <class T>
class SpectralCellPacked : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(SpectralCellPacked, Reals);

TYPED_TEST(SpectralCellPacked, IsTheMapForEveryActivation) {
  for (const Activation act : {Activation::identity, Activation::relu, Activation::tanh, Activation::sigmoid,
                               Activation::exp, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    SCOPED_TRACE(static_cast<int>(act));
    expect_packed<TypeParam>({3, 3, 4, act}, 3, 10, 9);
  }
}

TYPED_TEST(SpectralCellPacked, IsTheMapForEverySize) {
  expect_packed<TypeParam>({1, 1, 1, Activation::gelu}, 1, 2, 1);
  expect_packed<TypeParam>({8, 4, 5, Activation::gelu}, 9, 8, 8);
  expect_packed<TypeParam>({5, 3, 3, Activation::tanh}, 6, 17, 19);
}

TEST(SpectralCell, HasNoPackedCellForOverlappingBlocksOfRows) {
  const SpectralCell cell({2, 3, 2, Activation::tanh});
  const Map map = cell.map(at::randn({2, 2, 5, 4}));
  EXPECT_EQ(map.packed<float>(), nullptr);
  EXPECT_EQ(map.packed<double>(), nullptr);
  EXPECT_EQ(map(at::randn({2, 2, 5, 4})).only().sizes(), at::IntArrayRef({2, 2, 5, 4}));
}

TEST(SpectralCell, ItsEquilibriumIsAFixedPoint) {
  torch::manual_seed(1);
  const auto cell = std::make_shared<SpectralCell>(SpectralCellOptions{4, 3, 3});
  const Equilibrium layer(cell);
  const Tensor x = at::randn({3, 4, 12, 10});
  const diff::Equilibrium answer = layer.solve(x);
  EXPECT_TRUE(answer.solution.converged());
  const Tensor y = answer.y.only().detach(), g = cell->map(x)(y).only().detach();
  EXPECT_TRUE(
      testing_support::close(g, y, Tol::of(at::kFloat).plus(1.01 * layer.options.stop.rtol * std::sqrt(480.0))));
}

TEST(SpectralCell, RefusesOtherChannels) {
  const SpectralCell cell({2, 1, 1});
  try {
    cell.map(at::randn({1, 3, 4, 4}));
    ADD_FAILURE() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("[nn::SpectralCell] x's shape = (1, 3, 4, 4) violates == (B, 2, H, W)"));
  }
}

}  // namespace
}  // namespace fathom::nn
