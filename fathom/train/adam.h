// Adam, step for step as torch.optim.Adam (no weight decay, no amsgrad), with its state in plain view so that a
// checkpoint is exact. libtorch's own keeps its state behind keys that changed between versions and does not do complex
// parameters.
//
//   m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,  theta -= lr/(1-b1^t) * m / (sqrt(v)/sqrt(1-b2^t) + eps)
//
// [KingmaBa2015] Algorithm 1. Complex parameters are updated as pairs of reals, as torch.optim does.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/tensor/tensor.h"
#include "fathom/train/options.h"

namespace fathom::train {

class Adam {
 public:
  Adam(std::vector<Tensor> parameters, const AdamOptions& options);

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
  std::vector<Tensor> parameters_, first_, second_;  // moments of complex parameters: trailing axis (re, im)
  std::int64_t steps_ = 0;
};

}  // namespace fathom::train
