#include "fathom/solve/krylov_basis.h"

#include <gtest/gtest.h>

#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "fathom/solve/row_tensors.h"
#include "fathom/solve/row_vectors.h"
#include "fathom/tensor/convert.h"
#include "tests/support/close.h"

namespace fathom::solve {
namespace {

using testing_support::close;
using testing_support::Tol;

// The same numbers with the rows running down the memory, which the kernels do not take.
Tensor down(const Tensor& x) { return x.transpose(0, -1).contiguous().transpose(0, -1); }

// Every other vector of a larger basis and the columns in the middle of a wider matrix: neither is contiguous.
Tensor basis(std::int64_t rows, std::int64_t count, std::int64_t width, at::ScalarType type) {
  const Tensor q = std::get<0>(at::linalg_qr(at::randn({rows, width, count}, at::kDouble)));
  Tensor larger = at::zeros({rows, count + 3, width}, type);
  larger.narrow(1, 0, count).copy_(q.transpose(1, 2));
  return larger.narrow(1, 0, count);
}
Tensor matrix(std::int64_t rows, std::int64_t width, at::ScalarType type) {
  return at::randn({rows, width + 5}, type).narrow(1, 2, width);
}

class KernelsAndTensors : public testing::TestWithParam<at::ScalarType> {
 protected:
  void SetUp() override { at::manual_seed(5); }
  Tol tolerance(double operations) const { return Tol::of(GetParam()).ops(operations); }
};

TEST_P(KernelsAndTensors, AgreeOnAnOrthogonalisedVector) {
  const Tensor V = basis(4, 6, 37, GetParam()), w = matrix(4, 37, GetParam());
  ASSERT_TRUE(kernels_take({V, w}));
  ASSERT_FALSE(kernels_take({down(w)}));
  Tensor by_kernel = w, by_tensors = down(w);
  const std::vector<double> h = orthogonalise(by_kernel, V), expected = orthogonalise(by_tensors, V);
  EXPECT_TRUE(close(by_kernel, by_tensors, tolerance(100)));
  EXPECT_TRUE(close(tensor::from_doubles(h, {24}, GetParam()), tensor::from_doubles(expected, {24}, GetParam()),
                    tolerance(100)));
}

TEST_P(KernelsAndTensors, LeaveTheVectorOfTheCallerAlone) {
  const Tensor V = basis(2, 3, 9, GetParam()), w = matrix(2, 9, GetParam()), before = w.clone();
  Tensor left = w;
  orthogonalise(left, V);
  EXPECT_TRUE(at::equal(w, before));
}

TEST_P(KernelsAndTensors, AgreeOnNormsAndUnitRows) {
  Tensor v = matrix(3, 37, GetParam());
  v[1].fill_(std::numeric_limits<double>::quiet_NaN());
  const std::vector<double> norms = row_norms(v), expected = row_norms(down(v));
  EXPECT_TRUE(std::isnan(norms[1]));
  for (const int row : {0, 2}) EXPECT_NEAR(norms[row], expected[row], 37 * 0x1p-52 * expected[row]);
  const std::vector<char> chosen{1, 0, 1};
  const Tensor unit = unit_rows(v, norms, chosen);
  EXPECT_TRUE(close(unit, unit_rows(down(v), norms, chosen), tolerance(2)));
  EXPECT_TRUE(at::equal(unit[1], at::zeros_like(unit[1])));
}

TEST_P(KernelsAndTensors, AgreeOnACombination) {
  const Tensor V = basis(3, 4, 21, GetParam()), x = matrix(3, 21, GetParam());
  const std::vector<double> y = tensor::to_doubles(at::randn({12}, at::kDouble));
  Tensor by_kernel = x.clone(), by_tensors = down(x);
  add_combination(V, y, by_kernel);
  add_combination(V, y, by_tensors);
  EXPECT_FALSE(at::equal(by_kernel, x));
  EXPECT_TRUE(close(by_kernel, by_tensors, tolerance(20)));
}

TEST_P(KernelsAndTensors, AgreeOnDots) {
  const Tensor a = matrix(3, 37, GetParam()), b = matrix(3, 37, GetParam());
  EXPECT_TRUE(close(row_dots(a, b), row_dots(down(a), b), tolerance(37)));
}

TEST_P(KernelsAndTensors, AgreeOnTheSquaresOfParts) {
  const Tensor r = matrix(3, 10, GetParam()), g = matrix(3, 10, GetParam());
  const Layout layout(State({at::zeros({3, 4}, GetParam()), at::zeros({3, 6}, GetParam())}));
  const std::vector<LiveRow> rows{{.slot = 2, .row = 0}, {.slot = 0, .row = 2}};
  std::vector<Squares> by_kernel(6), by_tensors(6);
  write_squares(rows, layout, r, g, by_kernel);
  write_squares(rows, layout, down(r), g, by_tensors);
  const double bound = 10 * std::numeric_limits<float>::epsilon() * (GetParam() == at::kFloat ? 1 : 0x1p-29);
  for (int i = 0; i < 6; ++i) {
    EXPECT_NEAR(by_kernel[i].residual, by_tensors[i].residual, bound * by_tensors[i].residual);
    EXPECT_NEAR(by_kernel[i].value, by_tensors[i].value, bound * by_tensors[i].value);
  }
  EXPECT_EQ(by_kernel[2].value, 0);  // the row that is not alive
}

INSTANTIATE_TEST_SUITE_P(Types, KernelsAndTensors, testing::Values(at::kFloat, at::kDouble));

TEST(RowVectors, AreNotTakenWhereAGradientIsRecorded) {
  const Tensor x = at::ones({2, 3}).requires_grad_();
  EXPECT_FALSE(kernels_take({x}));
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(kernels_take({x}));
  EXPECT_FALSE(kernels_take({x, x.to(at::kDouble)}));
  EXPECT_FALSE(kernels_take({x.to(at::kBFloat16)}));
}

}  // namespace
}  // namespace fathom::solve
