#include "fathom/tensor/spectral_op.h"

#include <limits>
#include <vector>

#include <ATen/ops/complex.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/support/close.h"
#include "tests/tensor/finite_difference.h"

namespace fathom::tensor {
namespace {

using testing::HasSubstr;
using testing_support::close;
using testing_support::Tol;

struct Sizes {
  std::int64_t n = 2, in = 3, out = 2, height = 8, width = 7, m1 = 3, m2 = 2;
};

// x, and W1, W2 as real pairs.
std::vector<Tensor> arguments(const Sizes& s = {}, at::ScalarType dtype = at::kDouble) {
  base::Random random(5);
  std::vector<Tensor> x{random_tensor({s.n, s.in, s.height, s.width}, random, dtype)};
  for (int i = 0; i < 2; ++i) x.push_back(random_tensor({s.in, s.out, s.m1, s.m2, 2}, random, dtype));
  return x;
}

Tensor call(const std::vector<Tensor>& x) {
  return spectral_conv2d(x[0], at::view_as_complex(x[1]), at::view_as_complex(x[2]));
}
Tensor by_fft(const std::vector<Tensor>& x) {
  return spectral_conv2d_fft(x[0], at::view_as_complex(x[1]), at::view_as_complex(x[2]));
}

// Sums of height * width * in terms on either side; the largest entry is of the size of a typical one.
Tol rounding(const Tensor& x) {
  return Tol::of(x.scalar_type()).ops(static_cast<double>(x.size(1) * x.size(2) * x.size(3)));
}

TEST(SpectralOp, EqualsTorchFft) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const Sizes& s :
         {Sizes{}, Sizes{1, 1, 1, 2, 1, 1, 1}, Sizes{3, 2, 4, 6, 8, 3, 5}, Sizes{2, 4, 4, 17, 19, 3, 3},
          Sizes{1, 5, 3, 32, 40, 12, 21}, Sizes{1, 2, 2, 137, 137, 12, 12}}) {
      const std::vector<Tensor> x = arguments(s, dtype);
      EXPECT_TRUE(close(call(x), by_fft(x), rounding(x[0])));
    }
  }
}

TEST(SpectralOp, TakesTransformsWhereSumsWouldBeSlower) {
  for (const std::int64_t modes : {128, 129}) {
    const std::vector<Tensor> x = arguments({1, 1, 1, 258, 258, modes, modes}, at::kFloat);
    EXPECT_EQ(at::equal(call(x), by_fft(x)), modes > 128);  // the same bits only where the path is the same
    EXPECT_TRUE(close(call(x), by_fft(x), rounding(x[0])));
  }
}

TEST(SpectralOp, OverlappingBlocksOfRowsBelongToTheSecond) {
  const std::vector<Tensor> x = arguments({1, 2, 2, 5, 6, 4, 2});
  const Tensor y = call(x);
  std::vector<Tensor> first_overwritten = x;
  first_overwritten[1] = x[1].clone();
  first_overwritten[1].narrow(2, 1, 3).fill_(77);  // rows 1 .. 3 of W1 are written over by rows 0 .. 2 of W2
  EXPECT_TRUE(close(call(first_overwritten), y, rounding(x[0])));
  first_overwritten[1].narrow(2, 0, 1).fill_(77);
  EXPECT_FALSE(close(call(first_overwritten), y, rounding(x[0])));
}

TEST(SpectralOp, BackwardIsTheAdjoint) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const Sizes& s : {Sizes{}, Sizes{2, 3, 2, 137, 73, 12, 12}, Sizes{1, 2, 2, 5, 6, 4, 2}}) {
      std::vector<Tensor> x = arguments(s, dtype);
      x[0].requires_grad_(true);
      base::Random random(6);
      const Tensor g = random_tensor({s.n, s.out, s.height, s.width}, random, dtype), y = call(x);
      const Tensor back = vjp({y}, {x[0]}, {g})[0];
      const double forward = y.mul(g).sum().item<double>(), backward = x[0].mul(back).sum().item<double>();
      const double size = y.norm().item<double>() * g.norm().item<double>();
      EXPECT_NEAR(forward, backward, rounding(x[0]).relative() * size);
    }
  }
}

TEST(SpectralOp, NonContiguousAndConjugateArgumentsAreTakenAsTheyAre) {
  const std::vector<Tensor> x = arguments({2, 3, 3, 6, 6, 2, 2});
  const Tensor field = x[0].transpose(2, 3), w1 = at::view_as_complex(x[1]).conj().transpose(0, 1),
               w2 = at::view_as_complex(x[2]).transpose(2, 3);
  const Tensor want = spectral_conv2d(field.contiguous(), w1.resolve_conj().contiguous(), w2.contiguous());
  EXPECT_TRUE(at::equal(spectral_conv2d(field, w1, w2), want));
}

TEST(SpectralOp, NoSamplesGiveNoFields) {
  const Tensor y = call(arguments({0, 3, 2, 8, 8, 2, 2}));
  EXPECT_EQ(y.sizes(), at::IntArrayRef({0, 2, 8, 8}));
}

Tensor loss(const std::vector<Tensor>& x) {
  const Tensor y = call(x);
  return y.mul(y).sum();
}

TEST(SpectralGradient, OfEveryArgumentToThirdOrder) {
  expect_derivatives(loss, arguments());
  expect_derivatives(loss, arguments({1, 2, 3, 6, 8, 3, 5}));  // all there is: Nyquist's row and column too
}

TEST(SpectralGradient, OfOverlappingBlocksThroughTorchFft) {
  expect_derivatives(loss, arguments({1, 2, 2, 5, 6, 4, 2}));
}

TEST(SpectralGradient, EqualsThatOfTorchFft) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const std::vector<Tensor> x = leaves(arguments({3, 4, 2, 16, 18, 5, 10}, dtype));
    base::Random random(9);
    const Tensor g = random_tensor({3, 2, 16, 18}, random, dtype);
    const std::vector<Tensor> ours = vjp({call(x)}, x, {g}), theirs = vjp({by_fft(x)}, x, {g});
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_TRUE(close(ours[i], theirs[i], rounding(x[0]))) << i;
  }
}

TEST(SpectralGradient, OfOneArgumentAlone) {
  const std::vector<Tensor> x = arguments();
  for (std::size_t i = 0; i < x.size(); ++i) {
    SCOPED_TRACE(i);
    const Scalar f = [&x, i](const std::vector<Tensor>& at) {
      std::vector<Tensor> all = x;
      all[i] = at[0];
      return loss(all);
    };
    expect_derivatives(f, {x[i]});
  }
}

TEST(SpectralGradient, RecordsNothingWithoutNeed) {
  std::vector<Tensor> x = arguments();
  const Tensor want = call(x);
  EXPECT_FALSE(want.requires_grad());
  x[1].requires_grad_(true);
  EXPECT_TRUE(call(x).requires_grad());
  const at::NoGradGuard guard;
  EXPECT_FALSE(call(x).requires_grad());
}

void expect_error(const char* text, const Tensor& x, const Tensor& w1, const Tensor& w2) {
  try {
    spectral_conv2d(x, w1, w2);
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(SpectralError, SaysWhatIsMisshapen) {
  const Tensor x = at::zeros({2, 3, 8, 8}), w = at::zeros({3, 2, 2, 2}, at::kComplexFloat);
  expect_error("[tensor::spectral_conv2d] x's shape = undefined violates == (N, in, H, W)", {}, w, w);
  expect_error("x's type = Long violates floating", x.to(at::kLong), w, w);
  expect_error("W1's shape = (2, 2, 2, 2) violates == (3, out, m1, m2)", x, w.narrow(0, 0, 2), w);
  expect_error("W2's shape = (3, 1, 2, 2) violates == (3, 2, 2, 2)", x, w, w.narrow(1, 0, 1));
  expect_error("W1's type = ComplexDouble cpu violates == ComplexFloat cpu", x, w.to(at::kComplexDouble), w);
  const Tensor rows = at::zeros({3, 2, 9, 2}, at::kComplexFloat), columns = at::zeros({3, 2, 2, 6}, at::kComplexFloat);
  expect_error("m1 = 9 violates 1 <= m1 <= H = 8", x, rows, rows);
  expect_error("m2 = 6 violates 1 <= m2 <= W/2 + 1 = 5", x, columns, columns);
}

}  // namespace
}  // namespace fathom::tensor
