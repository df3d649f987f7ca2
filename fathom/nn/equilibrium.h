// A layer whose output is its own fixed point: a cell, a solver and a gradient in one module.
//
//   auto layer = std::make_shared<nn::Equilibrium>(std::make_shared<nn::ContractiveCell>(2, 32));
//   Tensor y = layer->forward(x);            // y* = G(y*, x), differentiable; parameters through layer->parameters()
//   diff::Equilibrium e = layer->solve(x);   // the same with its account: e.solution.error_bound[row] >= ||y - y*||
//
// A cell makes the map for an input, with whatever depends on weights and input alone computed once. A cell built so
// that it contracts says by how much, for the weights as they are at that moment; the solution then carries Banach's
// error bounds (solve/solution.h). Works in training and evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <torch/nn/module.h>

#include "fathom/diff/equilibrium.h"
#include "fathom/nn/monotone.h"
#include "fathom/nn/norms.h"

namespace fathom::nn {

class Cell : public torch::nn::Module {
 public:
  // y -> G(y, x), holding all it needs by value. It must keep rows apart if it takes Rows.
  virtual Map map(const Tensor& x) const = 0;
  virtual State start(const Tensor& x) const = 0;  // y_0
  // A number that ||G(y, x) - G(z, x)|| / ||y - z|| is proved never to exceed, for every x; nothing if none is known.
  virtual std::optional<double> contraction() const { return std::nullopt; }
};

// G(y, x) = tanh(W y + U x + b) with ||W||_2 <= L (SpectralLinear). Contraction L, since |tanh'| <= 1.
// x (B, in) -> y (B, width).
class ContractiveCell : public Cell {
 public:
  ContractiveCell(std::int64_t in, std::int64_t width, double L = 0.9);

  Map map(const Tensor& x) const override;
  State start(const Tensor& x) const override;
  std::optional<double> contraction() const override { return state_->lipschitz(); }

 private:
  std::shared_ptr<SpectralLinear> state_;
  Tensor input_, bias_;
};

// The equilibrium y = relu(W y + U x + b) of a monotone W, by forward-backward steps:
//   G(y, x) = relu(y - a ((I - W) y - U x - b)),   a = m / K^2,   K = norm_bound(I - W)
// Contraction sqrt(1 - m^2 / K^2) < 1: ||d - a (I - W) d||^2 = ||d||^2 - 2 a <d, (I - W) d> + a^2 ||(I - W) d||^2
// <= (1 - 2 a m + a^2 K^2) ||d||^2, and relu is 1-Lipschitz. G's fixed points are those of relu(W y + U x + b), because
// relu is the proximal map of an indicator, whatever a is.  [WinstonKolter2020] arXiv:2006.08591, sec. 3.2
class MonotoneCell : public Cell {
 public:
  MonotoneCell(std::int64_t in, std::int64_t width, double margin = 0.1);

  Map map(const Tensor& x) const override;
  State start(const Tensor& x) const override;
  std::optional<double> contraction() const override;
  const MonotoneLinear& linear() const { return *state_; }

 private:
  std::shared_ptr<MonotoneLinear> state_;
  Tensor input_;
};

struct EquilibriumOptions {
  solve::SolverChoice solver;
  diff::GradientChoice gradient;
  solve::Stop stop;

  void fields(base::Fields& f) {
    f.group("solver", solver);
    f.group("gradient", gradient);
    f.group("stop", stop);
  }
};

class Equilibrium : public torch::nn::Module {
 public:
  explicit Equilibrium(std::shared_ptr<Cell> cell, EquilibriumOptions options = {});

  diff::Equilibrium solve(const Tensor& x, const State& y0 = {}) const;  // from the cell's start if y0 is undefined
  Tensor forward(const Tensor& x) const;                                 // the y of a one-part state

  EquilibriumOptions options;

 private:
  std::shared_ptr<Cell> cell_;
};

}  // namespace fathom::nn
