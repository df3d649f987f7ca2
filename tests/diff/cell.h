// The cell that the tests of gradients share: y = tanh(y W' + x U' + b), with ||W|| = gain, so that J's norm is below
// it.
#pragma once

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "fathom/tensor/map.h"

namespace fathom::testing_support {

struct Cell {
  Tensor W, U, b, x;  // (d, d), (d, 3), (d), (B, 3)

  static Cell random(std::int64_t batch, std::int64_t width, double gain, at::ScalarType type = at::kDouble) {
    at::manual_seed(11);
    const auto options = at::TensorOptions().dtype(at::kDouble);
    Tensor W = at::randn({width, width}, options);
    W = W * (gain / at::linalg_matrix_norm(W, 2).item<double>());
    const Tensor U = at::randn({width, 3}, options), b = 0.3 * at::randn({width}, options),
                 x = at::randn({batch, 3}, options);
    return Cell{W.to(type), U.to(type), b.to(type), x.to(type)};
  }

  static Cell of(const std::vector<Tensor>& inputs) { return {inputs[0], inputs[1], inputs[2], inputs[3]}; }
  std::vector<Tensor> inputs() const { return {W, U, b, x}; }
  void require_grad() {
    for (Tensor* t : {&W, &U, &b, &x}) t->requires_grad_(true);
  }

  Tensor start() const { return at::zeros({x.size(0), W.size(0)}, W.options().requires_grad(false)); }
  Map map() const {
    return Map([c = *this](const Tensor& y, const Rows& rows) {
      return at::tanh(at::linear(y, c.W, c.b) + at::linear(rows.of(c.x), c.U));
    });
  }
};

// A loss that is not linear in y and weighs every entry differently.
inline Tensor loss_of(const Tensor& y) {
  const Tensor weights = at::sin(at::arange(y.numel(), y.options()).view(y.sizes()) + 1);
  return (weights * y + 0.5 * y * y).sum();
}

}  // namespace fathom::testing_support
