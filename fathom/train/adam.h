// Adam, step for step as torch.optim.Adam (no amsgrad), with its state in plain view so that a checkpoint is exact.
// libtorch's own keeps its state behind keys that changed between versions and does not do complex parameters.
//
//   g = gradient + weight_decay theta
//   m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,  theta -= lr/(1-b1^t) * m / (sqrt(v)/sqrt(1-b2^t) + eps)
//
// [KingmaBa2015] Algorithm 1. Complex parameters are updated as pairs of reals, as torch.optim does. Real parameters
// whose last axis holds (re, im) may be declared to be complex numbers: their second moment is then that of |g|^2, one
// for both parts, as the optimiser of Fourier neural operators has it (g conj(g)) [Li2021]. A step so turns with the
// phase of the gradient.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/tensor/tensor.h"
#include "fathom/train/options.h"

namespace fathom::train {

class Adam {
 public:
  // `paired`: per parameter, whether its last axis is (re, im); empty: none is.
  Adam(std::vector<Tensor> parameters, const AdamOptions& options, std::vector<bool> paired = {});

  void zero_grad();              // gradients become undefined
  void step(double lr);          // parameters without a gradient stay
  double gradient_norm() const;  // L2 over all parameters
  void scale_gradients(double factor);

  const std::vector<Tensor>& parameters() const { return parameters_; }
  std::vector<Tensor>& first_moments() { return first_; }
  std::vector<Tensor>& second_moments() { return second_; }
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  AdamOptions options_;
  std::vector<bool> paired_;
  std::vector<Tensor> parameters_, first_, second_;  // moments of complex parameters: trailing axis (re, im)
  std::int64_t steps_ = 0;
};

}  // namespace fathom::train
