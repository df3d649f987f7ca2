// The learned models: perceptrons of two layers of bounded norm.
//
//   implicit   G(y, x) = W2 relu(W1 [y; x] + b1) + b2,  iterated from y = 0
//   explicit   f(x)    = W2 relu(W1 x + b1) + b2
//   ||W1||_2, ||W2||_2 <= sqrt(L), so that G and f are L-Lipschitz in all their arguments together
//
// Both bounds are enforced alike, layer by layer, by nn::SpectralLinear: at every update and in every evaluation,
// proved and not estimated. Start: W1 random of norm sqrt(L), and the kink of every hidden unit through a training
// point (of the implicit one at a height between 0 and 1.2 F), so that no unit is idle from the beginning.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <torch/nn/module.h>

#include "fathom/nn/norms.h"
#include "fathom/tensor/map.h"

namespace fathom::theory {

struct NetworkOptions {
  std::string kind = "implicit";  // or explicit
  std::int64_t width = 256;
  double bound = 5;  // L
};

class Network : public torch::nn::Module {
 public:
  // x, F (N, 1): the training points. Random numbers from libtorch's generator.
  Network(const NetworkOptions& options, const Tensor& x, const Tensor& F);

  bool implicit() const { return options_.kind == "implicit"; }
  const NetworkOptions& options() const { return options_; }
  Map map(const Tensor& x) const;         // implicit: y -> G(y, x), weights bounded once
  Tensor forward(const Tensor& x) const;  // explicit: f(x)
  double proved_bound() const;            // norm_bound(W1) norm_bound(W2) of the weights in use: at most L
  double largest_layer() const;           // the greater of the two: at most sqrt(L)
  std::int64_t parameter_count() const;

 private:
  std::pair<double, double> layer_bounds() const;

  NetworkOptions options_;
  std::shared_ptr<nn::SpectralLinear> first_, second_;
};

}  // namespace fathom::theory
