#include "fathom/tensor/graph_ops.h"

#include <limits>

#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/tensor/finite_difference.h"

namespace fathom::tensor {
namespace {

using testing::HasSubstr;

struct Edges {
  std::int64_t rows = 5;
  std::int64_t columns = 7;
  Tensor row, column, value;
};

// Unsorted, with repeated edges and a row and a column without any.
Edges some_edges(at::ScalarType dtype = at::kDouble) {
  base::Random random(5);
  std::vector<std::int64_t> row, column;
  for (int e = 0; e < 20; ++e) {
    row.push_back(static_cast<std::int64_t>(random.below(4)));
    column.push_back(static_cast<std::int64_t>(random.below(6)));
  }
  return {5, 7, from_int64s(row, {20}), from_int64s(column, {20}), random_tensor({20}, random, dtype)};
}

Graph graph_of(const Edges& edges, const Tensor& value) {
  return Graph::from_edges(edges.rows, edges.columns, edges.row, edges.column, value);
}

// A as a dense matrix, in double.
Tensor dense(const Edges& edges) {
  const Tensor matrix = at::zeros({edges.rows, edges.columns}, at::kDouble);
  for (std::int64_t e = 0; e < edges.value.size(0); ++e) {
    matrix[edges.row[e].item<std::int64_t>()][edges.column[e].item<std::int64_t>()] += edges.value[e].to(at::kDouble);
  }
  return matrix;
}

// At most 20 edges meet in a node, so a sum is within 21 eps of the sum of magnitudes; bfloat16 has eps = 2^-7.
void expect_equal_to_dense(at::ScalarType dtype, double eps) {
  const Edges edges = some_edges(dtype);
  const Graph graph = graph_of(edges, edges.value);
  base::Random random(6);
  const Tensor x = random_tensor({7, 9}, random, dtype);
  const Tensor g = random_tensor({5, 9}, random, dtype);
  const Tensor matrix = dense(edges);
  const auto excess = [eps](const Tensor& got, const Tensor& a, const Tensor& b) {
    const Tensor error = got.to(at::kDouble).sub(a.matmul(b.to(at::kDouble))).abs();
    return error.sub(a.abs().matmul(b.to(at::kDouble).abs()), 21 * eps).max().item<double>();
  };
  EXPECT_EQ(graph.to_rows(x).scalar_type(), dtype);
  EXPECT_LE(excess(graph.to_rows(x), matrix, x), 0);
  EXPECT_LE(excess(graph.to_columns(g), matrix.t(), g), 0);
}

TEST(Graph, SumsAreProductsWithTheMatrix) {
  expect_equal_to_dense(at::kDouble, std::numeric_limits<double>::epsilon());
  expect_equal_to_dense(at::kFloat, std::numeric_limits<float>::epsilon());
}

TEST(Graph, OtherTypesFallBackToTensorOperations) { expect_equal_to_dense(at::kBFloat16, 0x1p-7); }

TEST(Graph, TakesValuesAsAColumnAndKnowsItsSizes) {
  const Edges edges = some_edges();
  const Graph graph = graph_of(edges, edges.value.unsqueeze(1));
  base::Random random(6);
  const Tensor x = random_tensor({7, 3}, random);
  EXPECT_EQ(graph.rows(), 5);
  EXPECT_EQ(graph.columns(), 7);
  EXPECT_EQ(graph.edges(), 20);
  EXPECT_TRUE(at::equal(graph.to_rows(x), graph_of(edges, edges.value).to_rows(x)));
}

TEST(Graph, NonContiguousInputsAreTakenAsTheyAre) {
  const Edges edges = some_edges();
  const Graph graph = graph_of(edges, edges.value);
  base::Random random(6);
  const Tensor x = random_tensor({3, 7}, random);
  EXPECT_TRUE(at::equal(graph.to_rows(x.t()), graph.to_rows(x.t().contiguous())));
}

TEST(Graph, WithoutEdgesSumsAreZero) {
  const Tensor none = from_int64s({}, {0});
  const Graph graph = Graph::from_edges(3, 4, none, none, from_doubles({}, {0}));
  EXPECT_TRUE(at::equal(graph.to_rows(from_doubles({1, 2, 3, 4}, {4, 1})), at::zeros({3, 1})));
}

TEST(Graph, WithValuesKeepsTheEdges) {
  const Edges edges = some_edges();
  base::Random random(8);
  const Tensor other = random_tensor({20}, random);
  const Tensor x = random_tensor({7, 3}, random);
  const Graph changed = graph_of(edges, edges.value).with_values(other);
  EXPECT_TRUE(at::equal(changed.to_rows(x), graph_of(edges, other).to_rows(x)));
}

TEST(Graph, ToChangesTheType) {
  const Edges edges = some_edges();
  base::Random random(8);
  const Tensor x = random_tensor({7, 3}, random).to(at::kFloat);
  const Graph graph = graph_of(edges, edges.value).to(at::kFloat).to(at::Device(at::kCPU));
  EXPECT_TRUE(at::equal(graph.to_rows(x), graph_of(edges, edges.value.to(at::kFloat)).to_rows(x)));
}

// A loss that is nonlinear in both sums, so that third derivatives do not vanish.
Scalar loss_on(const Edges& edges) {
  return [edges](const std::vector<Tensor>& x) {
    const Graph graph = graph_of(edges, x[1]);
    const Tensor rows = graph.to_rows(x[0]);
    const Tensor columns = graph.to_columns(rows.mul(rows));
    return columns.mul(x[0]).sum();
  };
}

TEST(GraphGradient, OfInputsAndValuesToThirdOrder) {
  const Edges edges = some_edges();
  base::Random random(7);
  expect_derivatives(loss_on(edges), {random_tensor({7, 5}, random), edges.value});
}

TEST(GraphGradient, OfInputsAlone) {
  const Edges edges = some_edges();
  base::Random random(7);
  const Scalar loss = [&](const std::vector<Tensor>& x) { return loss_on(edges)({x[0], edges.value}); };
  expect_derivatives(loss, {random_tensor({7, 5}, random)});
}

TEST(GraphGradient, OfValuesAlone) {
  const Edges edges = some_edges();
  base::Random random(7);
  const Tensor input = random_tensor({7, 5}, random);
  const Scalar loss = [&](const std::vector<Tensor>& x) { return loss_on(edges)({input, x[0]}); };
  expect_derivatives(loss, {edges.value});
}

TEST(GraphGradient, RecordsNothingWithoutNeed) {
  const Edges edges = some_edges();
  const Graph graph = graph_of(edges, edges.value);
  base::Random random(7);
  const Tensor x = random_tensor({7, 5}, random);
  const Tensor learned = x.clone().requires_grad_(true);
  const Tensor want = graph.to_rows(x);
  EXPECT_FALSE(want.requires_grad());
  EXPECT_TRUE(graph.to_rows(learned).requires_grad());
  {
    const at::NoGradGuard guard;
    EXPECT_FALSE(graph.to_rows(learned).requires_grad());
  }
  const c10::InferenceMode inference;
  EXPECT_TRUE(at::equal(graph.to_rows(x.clone()), want));
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

TEST(GraphError, SaysWhatIsMisshapen) {
  const Edges edges = some_edges();
  const Graph graph = graph_of(edges, edges.value);
  expect_error("[tensor::Graph::to_rows] x's shape = (5, 2) violates == (7, d)", [&] {
    graph.to_rows(at::zeros({5, 2}, at::kDouble));
  });
  expect_error("[tensor::Graph::to_columns] x's shape = undefined", [&] { graph.to_columns(Tensor()); });
  expect_error("x's type = Float cpu violates == Double cpu", [&] { graph.to_rows(at::zeros({7, 2})); });
  expect_error("value's shape = (3) violates == (20)", [&] { graph.with_values(at::zeros({3})); });
  expect_error("edge_row = Float violates == Long",
               [&] { Graph::from_edges(5, 7, at::zeros({20}), edges.column, edges.value); });
  expect_error("entry_row = 3 violates 0 <= index < 3",
               [&] { Graph::from_edges(3, 7, edges.row, edges.column, edges.value); });
}

}  // namespace
}  // namespace fathom::tensor
