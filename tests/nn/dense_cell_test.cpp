#include "fathom/nn/dense_cell.h"

#include <cstdint>
#include <numeric>
#include <span>
#include <thread>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "fathom/base/error.h"
#include "fathom/nn/equilibrium.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"
#include "tests/support/close.h"

namespace fathom::nn {
namespace {

using namespace testing_support;

constexpr Activation kAll[] = {Activation::identity, Activation::relu, Activation::tanh,      Activation::sigmoid,
                               Activation::exp,      Activation::gelu, Activation::gelu_tanh, Activation::silu};
constexpr std::int64_t kBatch = 7, kWidth = 37;

using Samples = std::vector<std::int64_t>;

Samples all_samples(std::int64_t batch) {
  Samples samples(batch);
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

template <class T>
constexpr at::ScalarType kType = sizeof(T) == 4 ? at::kFloat : at::kDouble;

// A packed cell with tensors in and out.
template <class T>
struct OnTensors {
  const tensor::PackedCell<T>& cell;

  Tensor evaluate(const Samples& samples, const Tensor& y) const {
    Tensor g = at::empty_like(y);
    cell.evaluate(samples, y.data_ptr<T>(), g.data_ptr<T>());
    return g;
  }
  Tensor vjp(const Samples& samples, const Tensor& y, const Tensor& g, const Tensor& u) const {
    Tensor w = at::empty_like(y);
    cell.vjp(samples, y.data_ptr<T>(), g.data_ptr<T>(), u.data_ptr<T>(), w.data_ptr<T>());
    return w;
  }
};

template <class T>
OnTensors<T> packed(const Map& map) {
  return {dynamic_cast<const tensor::PackedCell<T>&>(*map.packed<T>())};
}

// The map must be compared with itself: its callable on rows `samples` of the batch.
template <class T>
void expect_packed_is_the_callable(const Map& map, std::int64_t width, const Samples& samples) {
  ASSERT_NE(map.packed<T>(), nullptr);
  const auto rows = static_cast<std::int64_t>(samples.size());
  const Tensor y = at::randn({rows, width}, kType<T>).requires_grad_(true), u = at::randn({rows, width}, kType<T>);
  const Tensor expected = map(y, Rows(tensor::from_int64s(samples, {rows}))).only();
  const Tensor adjoint = torch::autograd::grad({expected}, {y}, {u})[0];
  const Tensor g = packed<T>(map).evaluate(samples, y.detach());
  const Tensor w = packed<T>(map).vjp(samples, y.detach(), g, u);
  const Tol tol = Tol::of(kType<T>).ops(static_cast<double>(width));
  EXPECT_TRUE(close(g, expected.detach(), tol));
  EXPECT_TRUE(close(w, adjoint, tol));
}

template <class T>
class DenseMap : public testing::Test {
 protected:
  void SetUp() override { tensor::seed(7); }

  Map map(Activation act) const {
    return dense_map(at::randn({kWidth, kWidth}, kType<T>) / 6, at::randn({kBatch, kWidth}, kType<T>), act);
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(DenseMap, Types);

TYPED_TEST(DenseMap, PackedAndCallableAreOneFunctionWithOneAdjoint) {
  for (const Activation act : kAll) {
    SCOPED_TRACE(static_cast<int>(act));
    const Map map = this->map(act);
    EXPECT_EQ(map.packed<TypeParam>()->samples(), kBatch);
    EXPECT_EQ(map.packed<TypeParam>()->width(), kWidth);
    EXPECT_EQ(map.packed<TypeParam>()->flops(), 2.0 * kWidth * kWidth);
    expect_packed_is_the_callable<TypeParam>(map, kWidth, all_samples(kBatch));
    expect_packed_is_the_callable<TypeParam>(map, kWidth, {6, 0, 3, 3});
  }
}

// <J v, u> = <v, J' u> for J by central differences of the packed evaluation itself.
TYPED_TEST(DenseMap, VjpIsTheAdjointOfEvaluate) {
  using T = TypeParam;
  const Samples samples = all_samples(kBatch);
  const double h = sizeof(T) == 4 ? 1e-2 : 1e-5;  // errors of h^2 and of u / h
  const double allowed = sizeof(T) == 4 ? 1e-3 : 1e-8;
  for (const Activation act : {Activation::tanh, Activation::gelu, Activation::silu, Activation::sigmoid}) {
    const Map map = this->map(act);
    const auto cell = packed<T>(map);
    const Tensor y = at::randn({kBatch, kWidth}, kType<T>), u = at::randn_like(y), v = at::randn_like(y);
    const Tensor above = cell.evaluate(samples, y + h * v).to(at::kDouble);
    const Tensor below = cell.evaluate(samples, y - h * v).to(at::kDouble);
    const Tensor Jv = (above - below) / (2 * h);
    const Tensor adjoint = cell.vjp(samples, y, cell.evaluate(samples, y), u).to(at::kDouble);
    const double left = (Jv * u).sum().template item<double>(), right = (adjoint * v).sum().template item<double>();
    const double size = (Jv.norm() * u.norm()).template item<double>();
    EXPECT_NEAR(left, right, allowed * size) << static_cast<int>(act);
  }
}

TYPED_TEST(DenseMap, RowsHaveTheSameBitsAloneAndInTheBatch) {
  using T = TypeParam;
  const Map map = this->map(Activation::gelu);
  const auto cell = packed<T>(map);
  const Tensor y = at::randn({kBatch, kWidth}, kType<T>), u = at::randn_like(y);
  const Tensor g = cell.evaluate(all_samples(kBatch), y), w = cell.vjp(all_samples(kBatch), y, g, u);
  for (std::int64_t i = 0; i < kBatch; ++i) {
    const Tensor row = y.narrow(0, i, 1), g_row = cell.evaluate({i}, row);
    EXPECT_TRUE(at::equal(g_row, g.narrow(0, i, 1)));
    EXPECT_TRUE(at::equal(cell.vjp({i}, row, g_row, u.narrow(0, i, 1)), w.narrow(0, i, 1)));
  }
}

TYPED_TEST(DenseMap, SeveralThreadsMayUseOneCell) {
  using T = TypeParam;
  const Map map = this->map(Activation::tanh);
  const auto cell = packed<T>(map);
  const Tensor y = at::randn({kBatch, kWidth}, kType<T>), u = at::randn_like(y);
  const Tensor g = cell.evaluate(all_samples(kBatch), y), w = cell.vjp(all_samples(kBatch), y, g, u);
  std::vector<int> same(4, 0);
  std::vector<std::thread> threads;
  for (int& count : same) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 50; ++turn) {
        const Tensor g_here = cell.evaluate(all_samples(kBatch), y);
        count += at::equal(g_here, g) && at::equal(cell.vjp(all_samples(kBatch), y, g_here, u), w);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(same, std::vector<int>(4, 50));
}

TYPED_TEST(DenseMap, KeepsTheWeightsItWasPackedWith) {
  using T = TypeParam;
  const Tensor W = at::randn({kWidth, kWidth}, kType<T>), c = at::randn({kBatch, kWidth}, kType<T>);
  const Map map = dense_map(W.t(), c, Activation::tanh);  // not contiguous
  const Tensor y = at::randn({kBatch, kWidth}, kType<T>), before = packed<T>(map).evaluate(all_samples(kBatch), y);
  EXPECT_TRUE(close(before, map(y).only(), Tol::of(kType<T>).ops(kWidth)));
  W.zero_();
  EXPECT_TRUE(at::equal(packed<T>(map).evaluate(all_samples(kBatch), y), before));
}

TEST(DenseMapErrors, NamesWhatDoesNotFit) {
  const Tensor W = at::zeros({3, 3});
  EXPECT_THROW(dense_map(at::zeros({3, 4}), at::zeros({2, 3}), Activation::tanh), Error);
  EXPECT_THROW(dense_map(W, at::zeros({2, 4}), Activation::tanh), Error);
  EXPECT_THROW(dense_map(W, at::zeros({3}), Activation::tanh), Error);
  EXPECT_THROW(dense_map(W, at::zeros({2, 3}, at::kDouble), Activation::tanh), Error);
}

TEST(DenseMapErrors, OtherTypesHaveTheCallableAlone) {
  const Map map = dense_map(at::zeros({3, 3}, at::kBFloat16), at::ones({2, 3}, at::kBFloat16), Activation::relu);
  EXPECT_EQ(map.packed<float>(), nullptr);
  EXPECT_EQ(map.packed<double>(), nullptr);
  EXPECT_TRUE(at::equal(map(at::zeros({2, 3}, at::kBFloat16)).only(), at::ones({2, 3}, at::kBFloat16)));
}

template <class T>
void expect_cells_are_packed() {
  std::vector<std::shared_ptr<Cell>> cells{std::make_shared<ContractiveCell>(3, kWidth),
                                           std::make_shared<MonotoneCell>(3, kWidth, 0.5)};
  for (const auto& cell : cells) {
    cell->to(kType<T>);
    const Map map = cell->map(at::randn({kBatch, 3}, kType<T>));
    expect_packed_is_the_callable<T>(map, kWidth, {5, 1, 2});
  }
}

TEST(PackedCells, CarryThePackedFormOfTheirMap) {
  tensor::seed(8);
  expect_cells_are_packed<float>();
  expect_cells_are_packed<double>();
}

}  // namespace
}  // namespace fathom::nn
