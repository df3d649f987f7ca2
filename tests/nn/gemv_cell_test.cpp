#include "fathom/nn/gemv_cell.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tanh.h>
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
using kernel::WeightFormat;
using testing::HasSubstr;
using testing_support::close;
using testing_support::Tol;

constexpr WeightFormat kFormats[] = {WeightFormat::bf16, WeightFormat::int8, WeightFormat::int4};

TEST(GemvCell, PackedIsTheMap) {
  torch::manual_seed(7);
  for (const WeightFormat format : kFormats) {
    for (const std::int64_t width : {1, 5, 130, 300}) {
      for (const Activation act : {Activation::identity, Activation::tanh, Activation::relu, Activation::gelu}) {
        const Tensor W = at::randn({width, width}), x = at::randn({6, width});
        const Tensor b = act == Activation::identity ? Tensor() : at::randn({width});
        const Map map = gemv_map(short_weights(W, b, format, act), x);
        const Map magnitudes =
            gemv_map(short_weights(W.abs(), b.defined() ? b.abs() : b, format, Activation::identity), x.abs());
        expect_packed_cell<float>(map, at::randn({6, width}), Tol::of(at::kFloat).ops(static_cast<double>(width)),
                                  &magnitudes);
      }
    }
  }
}

// |tanh'| <= 1, so G moves by at most the sum of |error of W| |y|: 2^-8 |W| for bf16, half a step for int8 and int4.
TEST(GemvCell, IsAsFarFromTheFloatCellAsItsFormatSays) {
  torch::manual_seed(8);
  const Tensor W = at::randn({200, 200}), b = at::randn({200}), x = at::randn({4, 200}), y = at::randn({4, 200});
  const Tensor exact = at::tanh(at::linear(y, W, b) + x);
  for (const WeightFormat format : kFormats) {
    const Tensor g = gemv_map(short_weights(W, b, format, Activation::tanh), x)(y).only();
    const double twice_the_levels = format == WeightFormat::int8 ? 253 : 13.9;  // a little less, for rounding
    const Tensor error_of_W =
        format == WeightFormat::bf16 ? W.abs() * 0x1p-8 : W.abs().amax(1, true) / twice_the_levels;
    const Tensor allowed = at::linear(y.abs(), error_of_W.expand_as(W)) + 200 * 1e-7 * at::linear(y.abs(), W.abs());
    EXPECT_LE((g - exact).abs().sub(allowed).max().item<double>(), 0);
    EXPECT_GT((g - exact).abs().max().item<double>(), 0);
  }
}

TEST(GemvCell, ItsEquilibriumIsFound) {
  torch::manual_seed(9);
  const Tensor W = at::randn({60, 60}) * (0.4 / std::sqrt(60.0));
  const Map map = gemv_map(short_weights(W, {}, WeightFormat::int8, Activation::tanh), at::randn({3, 60}));
  const Solution solution = solve::fixed_point(map, at::zeros({3, 60}), solve::Picard{}, {.rtol = 1e-5});
  EXPECT_TRUE(solution.converged());
  EXPECT_TRUE(close(map(solution.y).only(), solution.y.only(), Tol::of(at::kFloat).plus(1e-4)));
}

template <class Call>
void expect_error(const char* text, const Call& call) {
  try {
    call();
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(GemvCell, SaysWhatDoesNotFit) {
  const auto weights = [](const Tensor& W, const Tensor& b) {
    return short_weights(W, b, WeightFormat::bf16, Activation::relu);
  };
  expect_error("[nn::short_weights] weight's shape = (3, 4) violates == (3, 3)", [&] {
    weights(at::zeros({3, 4}), {});
  });
  expect_error("bias's shape = (2) violates == (3)", [&] { weights(at::zeros({3, 3}), at::zeros({2})); });
  expect_error("weight's type = Double cpu violates == Float cpu", [&] {
    weights(at::zeros({3, 3}, at::kDouble), {});
  });
  expect_error("[nn::gemv_map] injection's shape = (2, 4) violates == (2, 3)", [&] {
    gemv_map(weights(at::zeros({3, 3}), {}), at::zeros({2, 4}));
  });
}

}  // namespace
}  // namespace fathom::nn
