#include "fathom/nn/conv_cell.h"

#include <cmath>

#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "tests/nn/packed.h"

namespace fathom::nn {
namespace {

using kernel::Activation;
using testing::HasSubstr;
using testing_support::close;
using testing_support::Tol;

void expect_packed(std::int64_t samples, std::int64_t channels, std::int64_t height, std::int64_t width,
                   std::int64_t size, Activation act, bool precise) {
  SCOPED_TRACE(testing::Message() << channels << " channels, size " << size << ", act " << static_cast<int>(act)
                                  << ", precise " << precise);
  torch::manual_seed(10);
  const Tensor W = at::randn({channels, channels, size, size}), x = at::randn({samples, channels, height, width});
  const Tensor b = size == 1 ? Tensor() : at::randn({channels}), y = at::randn({samples, channels, height, width});
  // Winograd's error is up to 64 u of the largest sum of magnitudes, below 64 eps sqrt(K) of the largest sum's size K.
  const auto terms = static_cast<double>(channels * size * size);
  expect_packed_cell<float>(conv_map(W, b, x, act, precise), y, Tol::of(at::kFloat).ops(precise ? terms : 64 * terms));
}

TEST(ConvCell, PackedIsTheMap) {
  for (const bool precise : {true, false}) {
    for (const Activation act : {Activation::identity, Activation::relu, Activation::tanh, Activation::gelu}) {
      expect_packed(3, 5, 7, 9, 3, act, precise);
      expect_packed(2, 16, 12, 12, 3, act, precise);
    }
    expect_packed(1, 1, 1, 1, 1, Activation::relu, precise);
    expect_packed(2, 3, 6, 5, 5, Activation::relu, precise);
  }
}

TEST(ConvCell, HasNoPackedCellForDoubles) {
  const Map map =
      conv_map(at::randn({2, 2, 3, 3}, at::kDouble), {}, at::randn({1, 2, 4, 4}, at::kDouble), Activation::relu);
  EXPECT_EQ(map.packed<double>(), nullptr);
}

TEST(ConvCell, ItsEquilibriumIsFound) {
  torch::manual_seed(11);
  const Tensor W = at::randn({4, 4, 3, 3}) * 0.05;
  const Map map = conv_map(W, {}, at::randn({3, 4, 8, 8}), Activation::relu);
  const Solution solution = solve::fixed_point(map, at::zeros({3, 4, 8, 8}), solve::Picard{}, {.rtol = 1e-5});
  EXPECT_TRUE(solution.converged());
  EXPECT_TRUE(close(map(solution.y).only(), solution.y.only(), Tol::of(at::kFloat).plus(1e-5 * std::sqrt(256.0) * 2)));
}

void expect_error(const char* text, const Tensor& W, const Tensor& b, const Tensor& x) {
  try {
    conv_map(W, b, x, Activation::relu);
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(ConvCell, SaysWhatDoesNotFit) {
  const Tensor W = at::zeros({2, 2, 3, 3}), x = at::zeros({1, 2, 4, 4});
  expect_error("[nn::conv_map] weight's shape = (2, 2, 2, 2) violates == (C, C, k, k) with k odd",
               at::zeros({2, 2, 2, 2}), {}, x);
  expect_error("injection's shape = (1, 3, 4, 4) violates == (B, 2, H, W)", W, {}, at::zeros({1, 3, 4, 4}));
  expect_error("bias's shape = (3) violates == (2)", W, at::zeros({3}), x);
  expect_error("type = Double cpu violates == Float cpu", W.to(at::kDouble), {}, x);
}

}  // namespace
}  // namespace fathom::nn
