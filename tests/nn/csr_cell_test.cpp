#include "fathom/nn/csr_cell.h"

#include <type_traits>

#include <ATen/ops/randint.h>
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

struct Edges {
  std::int64_t nodes;
  Tensor row, column, value;

  Edges(std::int64_t count, std::int64_t edges, at::ScalarType dtype, double size = 1)
      : nodes(count),
        row(at::randint(nodes, {edges}, at::TensorOptions(at::kLong))),
        column(at::randint(nodes, {edges}, at::TensorOptions(at::kLong))),
        value(at::randn({edges}, at::TensorOptions(dtype)).mul(size)) {}
  tensor::Graph graph() const { return tensor::Graph::from_edges(nodes, nodes, row, column, value); }
  tensor::Graph magnitudes() const { return tensor::Graph::from_edges(nodes, nodes, row, column, value.abs()); }
};

template <class T>
void expect_packed(std::int64_t samples, std::int64_t nodes, std::int64_t features, std::int64_t edges,
                   Activation act) {
  torch::manual_seed(4);
  const auto dtype = std::is_same_v<T, float> ? at::kFloat : at::kDouble;
  const at::TensorOptions type(dtype);
  const Tensor W = at::randn({features, features}, type), x = at::randn({samples, nodes, features}, type);
  const Tensor y = at::randn({samples, nodes, features}, type);
  // A number is a sum over a node's edges and all features.
  const auto terms = static_cast<double>(edges * features + 1);
  const Edges of(nodes, edges, dtype);
  const Map magnitudes = csr_map(of.magnitudes(), W.abs(), x.abs(), Activation::identity);
  expect_packed_cell<T>(csr_map(of.graph(), W, x, act), y, Tol::of(dtype).ops(terms), &magnitudes);
}

template <class T>
class CsrCellPacked : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(CsrCellPacked, Reals);

TYPED_TEST(CsrCellPacked, IsTheMapForEveryActivation) {
  for (const Activation act : {Activation::identity, Activation::relu, Activation::tanh, Activation::sigmoid,
                               Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    SCOPED_TRACE(static_cast<int>(act));
    expect_packed<TypeParam>(3, 11, 5, 30, act);
  }
}

TYPED_TEST(CsrCellPacked, IsTheMapForEverySize) {
  expect_packed<TypeParam>(1, 1, 1, 1, Activation::tanh);
  expect_packed<TypeParam>(2, 6, 3, 0, Activation::tanh);  // no edge
  expect_packed<TypeParam>(7, 40, 33, 200, Activation::relu);
}

// Two nodes, one edge from 1 to 0 with value 2: G's row 0 is 2 y_1 W' + x_0, its row 1 is x_1.
TEST(CsrCell, SumsOverTheEdgesIntoANode) {
  const auto index = [](std::int64_t i) { return at::zeros({1}, at::kLong).add(i); };
  const tensor::Graph graph = tensor::Graph::from_edges(2, 2, index(0), index(1), at::zeros({1}).add(2));
  const Tensor W = at::randn({3, 3}), x = at::randn({4, 2, 3}), y = at::randn({4, 2, 3});
  const Tensor g = csr_map(graph, W, x, Activation::identity)(y).only();
  const Tensor moved = y.select(1, 1).matmul(W.t()).mul(2);
  EXPECT_TRUE(close(g.select(1, 0), moved + x.select(1, 0), Tol::of(at::kFloat).ops(4)));
  EXPECT_TRUE(at::equal(g.select(1, 1), x.select(1, 1)));
}

// Of all samples' edges and of W: derivatives of sum(G^2) by the edge values, W and the injection.
TEST(CsrCell, GradientsReachEverything) {
  torch::manual_seed(5);
  const Tensor value = at::randn({9}, at::kDouble).requires_grad_(true);
  const Tensor W = at::randn({2, 2}, at::kDouble).requires_grad_(true);
  const Tensor x = at::randn({2, 4, 2}, at::kDouble).requires_grad_(true), y = at::randn({2, 4, 2}, at::kDouble);
  const at::TensorOptions index(at::kLong);
  const Tensor row = at::randint(4, {9}, index), column = at::randint(4, {9}, index);
  const auto loss = [&](const Tensor& v, const Tensor& w, const Tensor& c) {
    const Tensor g = csr_map(tensor::Graph::from_edges(4, 4, row, column, v), w, c, Activation::tanh)(y).only();
    return g.mul(g).sum();
  };
  const std::vector<Tensor> gradient =
      tensor::vjp({loss(value, W, x)}, {value, W, x}, {at::zeros({}, at::kDouble).add(1)});
  const Tensor dv = at::randn_like(value), dw = at::randn_like(W), dx = at::randn_like(x);
  const double step = 1e-5;  // the difference's error is step^2 f''' / 6 and eps / step: below 1e-8 of f's scale
  const auto at_step = [&](double s) {
    return loss(value.detach() + s * dv, W.detach() + s * dw, x.detach() + s * dx).item<double>();
  };
  const double difference = (at_step(step) - at_step(-step)) / (2 * step);
  const double analytic = (gradient[0] * dv).sum().item<double>() + (gradient[1] * dw).sum().item<double>() +
                          (gradient[2] * dx).sum().item<double>();
  EXPECT_NEAR(analytic, difference, 1e-6 * std::abs(difference));
}

TEST(CsrCell, ItsEquilibriumIsFound) {
  torch::manual_seed(6);
  const Map map = csr_map(Edges(20, 40, at::kDouble, 0.1).graph(), at::randn({4, 4}, at::kDouble).mul(0.3),
                          at::randn({3, 20, 4}, at::kDouble), Activation::tanh);
  const Solution solution =
      solve::fixed_point(map, at::zeros({3, 20, 4}, at::kDouble), solve::Picard{}, {.rtol = 1e-10});
  EXPECT_TRUE(solution.converged());
  EXPECT_TRUE(close(map(solution.y).only(), solution.y.only(), Tol::of(at::kDouble).plus(1e-8)));
}

void expect_error(const char* text, const tensor::Graph& graph, const Tensor& W, const Tensor& x) {
  try {
    csr_map(graph, W, x, Activation::relu);
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(CsrCell, SaysWhatDoesNotFit) {
  const tensor::Graph graph = Edges(4, 6, at::kFloat).graph();
  const Tensor W = at::zeros({2, 2}), x = at::zeros({3, 4, 2}), none = at::zeros({0}, at::kLong);
  expect_error("[nn::csr_map] the graph's columns = 3 violates == rows = 4",
               tensor::Graph::from_edges(4, 3, none, none, at::zeros({0})), W, x);
  expect_error("injection's shape = (3, 5, 2) violates == (B, 4, d)", graph, W, at::zeros({3, 5, 2}));
  expect_error("weight's shape = (2, 3) violates == (2, 2)", graph, at::zeros({2, 3}), x);
  expect_error("edge values = Double cpu violates == Float cpu", graph, W.to(at::kDouble), x);
}

}  // namespace
}  // namespace fathom::nn
