#include "fathom/nn/equilibrium.h"

#include <cmath>
#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/optim/adam.h>

#include "fathom/base/fields.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"
#include "tests/support/close.h"

namespace fathom::nn {
namespace {

using namespace testing_support;

std::vector<std::shared_ptr<Cell>> cells(at::ScalarType type) {
  tensor::seed(3);
  std::vector<std::shared_ptr<Cell>> list{std::make_shared<ContractiveCell>(3, 12, 0.9),
                                          std::make_shared<MonotoneCell>(3, 12, 0.5)};
  for (const auto& cell : list) cell->to(type);
  return list;
}

// Largest ||G(y) - G(z)|| / ||y - z|| over random pairs.
double worst_ratio(const Cell& cell, const Tensor& x, std::int64_t width) {
  const at::NoGradGuard no_grad;
  const Map map = cell.map(x);
  double worst = 0;
  for (int pair = 0; pair < 50; ++pair) {
    const Tensor y = 3 * at::randn({x.size(0), width}, x.options()),
                 z = y + at::randn_like(y) * std::pow(10, -pair % 4);
    const Tensor ratio =
        at::linalg_vector_norm(map(y).only() - map(z).only(), 2, {1}) / at::linalg_vector_norm(y - z, 2, {1});
    worst = std::max(worst, ratio.max().item<double>());
  }
  return worst;
}

TEST(Cells, ContractByNoMoreThanTheyClaim) {
  for (const std::shared_ptr<Cell>& cell : cells(at::kDouble)) {
    const at::NoGradGuard no_grad;
    for (int update = 0; update < 5; ++update) {
      ASSERT_TRUE(cell->contraction());
      EXPECT_LT(*cell->contraction(), 1);
      EXPECT_LE(worst_ratio(*cell, at::randn({4, 3}, at::kDouble), 12), *cell->contraction() + 1e-9);
      for (const Tensor& p : cell->parameters()) p.add_(0.5 * at::randn_like(p));
    }
  }
}

TEST(MonotoneCell, SolvesTheEquationOfItsWeight) {
  tensor::seed(4);
  auto cell = std::make_shared<MonotoneCell>(3, 6, 0.5);
  cell->to(at::kDouble);
  {
    const at::NoGradGuard no_grad;
    cell->linear().B.mul_(3);
  }
  const Tensor x = at::randn({5, 3}, at::kDouble);
  const Tensor W = cell->linear().weight();
  Equilibrium layer(cell);
  layer.options.stop = {.rtol = 1e-12, .max_iter = 5000};
  const diff::Equilibrium answer = layer.solve(x);
  EXPECT_TRUE(answer.solution.converged());
  const Tensor y = answer.y.only();
  const Tensor U = cell->named_parameters()["input"], b = cell->linear().bias;
  // ||y - relu(Wy + Ux + b)|| = ||relu(..) - relu(..)|| up to the residual times K / a: K^3 / m of 1e-12.
  EXPECT_TRUE(close(at::relu(at::linear(y, W) + at::linear(x, U, b)), y, Tol{}.plus(1e-8)));
}

TEST(EquilibriumModule, ErrorBoundsHold) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const std::shared_ptr<Cell>& cell : cells(type)) {
      const Tensor x = at::randn({6, 3}, type);
      Equilibrium exact(cell);
      exact.options.stop = {.rtol = 1e-14, .max_iter = 20000, .patience = 3000};
      exact.to(at::kDouble);
      const Tensor truth = exact.solve(x.to(at::kDouble)).y.only().detach();
      cell->to(type);
      for (const char* method : {"implicit", "jacobian_free", "phantom", "neumann", "adaptive", "unrolled", "truncated",
                                 "checkpointed", "reversible"}) {
        for (const std::int64_t iterations : {3, 10, 40}) {
          EquilibriumOptions options;
          options.solver.method = "picard";
          options.gradient.method = method;
          options.gradient.unrolled.steps = options.gradient.truncated.steps = iterations + 1;
          options.gradient.checkpointed.steps = options.gradient.reversible.steps = iterations;
          options.stop = {.rtol = 1e-12, .max_iter = iterations};
          const diff::Equilibrium answer = Equilibrium(cell, options).solve(x);
          const std::vector<double> error =
              tensor::to_doubles(at::linalg_vector_norm(answer.y.only().detach().to(at::kDouble) - truth, 2, {1}));
          for (std::size_t row = 0; row < error.size(); ++row) {
            // Rounding of G, 12 sums of 12, over 1 - L.
            const double rounding = 50 * Tol::of(type).epsilon * 12 / (1 - *cell->contraction());
            EXPECT_LE(error[row], answer.solution.error_bound[row] * (1 + 1e-6) + rounding)
                << method << " " << iterations;
            EXPECT_TRUE(std::isfinite(answer.solution.error_bound[row]));
          }
        }
      }
    }
  }
}

// G(y, x) = 2 y - x, a cell that claims nothing.
struct Wild : Cell {
  Map map(const Tensor& x) const override {
    return Map([x](const Tensor& y, const Rows& rows) { return 2 * y - rows.of(x); });
  }
  State start(const Tensor& x) const override { return at::zeros_like(x); }
};

TEST(EquilibriumModule, ClaimsNothingWhereTheCellDoesNot) {
  const diff::Equilibrium answer = Equilibrium(std::make_shared<Wild>()).solve(at::ones({2, 2}, at::kDouble));
  EXPECT_TRUE(answer.solution.error_bound.empty());
}

TEST(EquilibriumModule, GivesTheGradientToItsParametersWhateverTheMethod) {
  const Tensor x = at::randn({4, 3}, at::kDouble);
  std::vector<Tensor> exact;
  for (const char* method : {"unrolled", "implicit", "neumann", "adaptive", "checkpointed", "phantom"}) {
    const auto layer = std::make_shared<Equilibrium>(cells(at::kDouble)[0]);
    layer->options.gradient.method = method;
    layer->options.gradient.implicit.rtol = layer->options.gradient.adaptive.rtol = 1e-10;
    layer->options.gradient.unrolled.steps = layer->options.gradient.checkpointed.steps = 300;
    layer->options.gradient.neumann.terms = 300;
    layer->options.gradient.phantom = {.steps = 500, .damping = 1};
    layer->options.stop = {.rtol = 1e-12, .max_iter = 1000};
    layer->train(std::string(method) != "implicit");
    const std::vector<Tensor> actual = torch::autograd::grad({layer->forward(x).square().sum()}, layer->parameters());
    ASSERT_EQ(actual.size(), 3u);
    if (exact.empty()) exact = actual;
    for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_TRUE(close(actual[i], exact[i], Tol{}.plus(1e-7))) << method;
  }
}

TEST(EquilibriumModule, StartsWhereItIsTold) {
  const std::shared_ptr<Cell> cell = cells(at::kDouble)[0];
  const Equilibrium layer(cell);
  const Tensor x = at::randn({2, 3}, at::kDouble);
  const diff::Equilibrium cold = layer.solve(x), warm = layer.solve(x, cold.y.detach());
  EXPECT_LT(warm.solution.calls, cold.solution.calls);
  EXPECT_LE(warm.solution.calls, 2);
}

TEST(EquilibriumModule, IsTrainedByAnOptimiserOfTorch) {
  tensor::seed(5);
  const auto layer = std::make_shared<Equilibrium>(std::make_shared<ContractiveCell>(2, 8, 0.8));
  const Tensor x = at::randn({32, 2}), target = at::tanh(x.sum(1, true)) * 0.5 + at::zeros({32, 8});
  torch::optim::Adam adam(layer->parameters(), 1e-2);
  double first = 0, last = 0;
  for (int epoch = 0; epoch < 60; ++epoch) {
    const Tensor loss = (layer->forward(x) - target).square().mean();
    last = loss.item<double>();
    if (epoch == 0) first = last;
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
  EXPECT_LT(last, first / 5);
}

TEST(EquilibriumModule, OptionsAreFields) {
  EquilibriumOptions options;
  const base::Fields fields = base::fields_of(options);
  fields.set("gradient.method", "neumann");
  fields.set("gradient.neumann.terms", "7");
  fields.set("stop.rtol", "1e-3");
  EXPECT_EQ(std::get<diff::Neumann>(options.gradient.gradient()).terms, 7);
  for (const char* method : {"implicit", "jacobian_free", "phantom", "neumann", "adaptive", "unrolled", "truncated",
                             "checkpointed", "reversible"}) {
    fields.set("gradient.method", method);
  }
  EXPECT_TRUE(std::holds_alternative<diff::Reversible>(options.gradient.gradient()));
}

}  // namespace
}  // namespace fathom::nn
