#include "fathom/tensor/perceptron_op.h"

#include <limits>

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/tensor/finite_difference.h"

namespace fathom::tensor {
namespace {

using testing::HasSubstr;

// a, b, W1, c1, W2, c2 for 9 rows of 3+2 -> 6 -> 4.
std::vector<Tensor> arguments(at::ScalarType dtype = at::kDouble) {
  base::Random random(11);
  std::vector<Tensor> x;
  for (const std::vector<std::int64_t>& shape :
       std::vector<std::vector<std::int64_t>>{{9, 3}, {9, 2}, {6, 5}, {6}, {4, 6}, {4}}) {
    x.push_back(random_tensor(shape, random, dtype));
  }
  return x;
}

Tensor call(const std::vector<Tensor>& x, bool relu_out) {
  return perceptron(x[0], x[1], x[2], x[3], x[4], x[5], relu_out);
}

Tensor composition(const std::vector<Tensor>& x, bool relu_out) {
  const Tensor hidden = at::relu(at::linear(at::cat({x[0], x[1]}, 1), x[2], x[3]));
  const Tensor y = at::linear(hidden, x[4], x[5]);
  return relu_out ? at::relu(y) : y;
}

// The composition of magnitudes: an output's error is at most (inputs + hidden + 2) eps of it on either side.
Tensor magnitude(const std::vector<Tensor>& x) {
  std::vector<Tensor> absolute;
  for (const Tensor& tensor : x) absolute.push_back(tensor.abs());
  return composition(absolute, false);
}

TEST(PerceptronOp, EqualsTheCompositionOfTensorOperations) {
  for (const auto& [dtype, eps] : {std::pair{at::kFloat, double{std::numeric_limits<float>::epsilon()}},
                                   std::pair{at::kDouble, std::numeric_limits<double>::epsilon()}}) {
    const std::vector<Tensor> x = arguments(dtype);
    for (const bool relu_out : {false, true}) {
      const Tensor error = call(x, relu_out).sub(composition(x, relu_out)).abs();
      EXPECT_LE(error.sub(magnitude(x), 2 * 13 * eps).max().item<double>(), 0);
      EXPECT_EQ(error.sizes(), at::IntArrayRef({9, 4}));
    }
  }
}

TEST(PerceptronOp, OtherTypesFallBackToTensorOperations) {
  const std::vector<Tensor> x = arguments(at::kBFloat16);
  EXPECT_EQ(call(x, true).scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(call(x, true), composition(x, true)));
}

TEST(PerceptronOp, LeavesOutWhatIsUndefined) {
  const std::vector<Tensor> x = arguments();
  const Tensor joined = at::cat({x[0], x[1]}, 1);
  const Tensor zero_hidden = at::zeros({6}, at::kDouble);
  const Tensor zero_out = at::zeros({4}, at::kDouble);
  const Tensor want = perceptron(x[0], x[1], x[2], zero_hidden, x[4], zero_out, true);
  EXPECT_TRUE(at::equal(perceptron(joined, {}, x[2], {}, x[4], {}, true), want));
}

TEST(PerceptronOp, NonContiguousArgumentsAreTakenAsTheyAre) {
  std::vector<Tensor> x = arguments();
  const Tensor want = call(x, false);
  for (Tensor& tensor : x) {
    if (tensor.dim() == 2) tensor = tensor.t().contiguous().t();
  }
  EXPECT_TRUE(at::equal(call(x, false), want));
}

// The loss squares y, so that relu's zero second derivative is not all there is to see.
Scalar loss(bool relu_out) {
  return [relu_out](const std::vector<Tensor>& x) {
    const Tensor y = call(x, relu_out);
    return y.mul(y).sum();
  };
}

TEST(PerceptronGradient, OfEveryArgumentToThirdOrder) {
  expect_derivatives(loss(false), arguments());
  expect_derivatives(loss(true), arguments());
}

TEST(PerceptronGradient, WithoutSecondInputAndBias) {
  const std::vector<Tensor> x = arguments();
  const Scalar f = [](const std::vector<Tensor>& at) {
    const Tensor y = perceptron(at[0], {}, at[1], {}, at[2], {}, true);
    return y.mul(y).sum();
  };
  expect_derivatives(f, {at::cat({x[0], x[1]}, 1), x[2], x[4]});
}

// Second derivatives must not count the path from a to b twice.
TEST(PerceptronGradient, OfInputsThatDependOnEachOther) {
  const std::vector<Tensor> x = arguments();
  const Scalar f = [&x](const std::vector<Tensor>& at) {
    const Tensor b = at[0].narrow(1, 0, 2).mul(at[0].narrow(1, 1, 2));
    return loss(true)({at[0], b, x[2], x[3], x[4], x[5]});
  };
  expect_derivatives(f, {x[0]});
}

TEST(PerceptronGradient, OfOneArgumentAlone) {
  const std::vector<Tensor> x = arguments();
  for (std::size_t i = 0; i < x.size(); ++i) {
    SCOPED_TRACE(i);
    const Scalar f = [&x, i](const std::vector<Tensor>& at) {
      std::vector<Tensor> all = x;
      all[i] = at[0];
      return loss(true)(all);
    };
    expect_derivatives(f, {x[i]});
  }
}

TEST(PerceptronGradient, RecordsNothingWithoutNeed) {
  std::vector<Tensor> x = arguments();
  const Tensor want = call(x, true);
  EXPECT_FALSE(want.requires_grad());
  x[3].requires_grad_(true);
  EXPECT_TRUE(call(x, true).requires_grad());
  {
    const at::NoGradGuard guard;
    EXPECT_FALSE(call(x, true).requires_grad());
  }
  const c10::InferenceMode inference;
  x[0] = x[0].clone();
  EXPECT_TRUE(at::equal(call(x, true), want));
}

void expect_error(const char* text, const std::vector<Tensor>& x) {
  try {
    call(x, true);
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(PerceptronError, SaysWhatIsMisshapen) {
  const auto with = [](std::size_t i, const Tensor& tensor) {
    std::vector<Tensor> x = arguments();
    x[i] = tensor;
    return x;
  };
  const auto zeros = [](at::IntArrayRef shape) { return at::zeros(shape, at::kDouble); };
  expect_error("[tensor::perceptron] a = undefined", with(0, {}));
  expect_error("a's type = Long violates floating", with(0, at::zeros({9, 3}, at::kLong)));
  expect_error("b's shape = (8, 2) violates == (9, 2)", with(1, zeros({8, 2})));
  expect_error("b's dimensions = 1 violates == 2", with(1, zeros({9})));
  expect_error("W1's shape = (6, 4) violates == (6, 5)", with(2, zeros({6, 4})));
  expect_error("c1's shape = (5) violates == (6)", with(3, zeros({5})));
  expect_error("W2's shape = (4, 5) violates == (4, 6)", with(4, zeros({4, 5})));
  expect_error("c2's type = Float cpu violates == Double cpu", with(5, at::zeros({4})));
}

}  // namespace
}  // namespace fathom::tensor
