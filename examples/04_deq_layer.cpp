// A deep-equilibrium classifier: one implicit layer between two linear ones, trained with torch's own optimiser.
#include <cstdio>

#include <torch/nn/functional.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adam.h>

#include "fathom/nn/equilibrium.h"
#include "fathom/tensor/device.h"

int main() {
  using namespace fathom;
  tensor::seed(0);
  // Is the point inside the unit circle?
  const Tensor points = torch::rand({512, 2}) * 3 - 1.5;
  const Tensor inside = (points.square().sum(1) < 1).to(torch::kLong);
  // y* = tanh(W y* + U x + b) with ||W|| <= 0.9, whatever is learned; its gradient is implicit.
  const auto cell = std::make_shared<nn::ContractiveCell>(2, 32, 0.9);
  const auto layer = std::make_shared<nn::Equilibrium>(cell, nn::EquilibriumOptions{.stop = {.rtol = 1e-4}});
  torch::nn::Linear decode(32, 2);
  std::vector<Tensor> parameters = layer->parameters();
  for (const Tensor& p : decode->parameters()) parameters.push_back(p);
  torch::optim::Adam adam(parameters, 2e-2);
  double accuracy = 0;
  for (int epoch = 0; epoch < 200; ++epoch) {
    const Tensor logits = decode(layer->forward(points));
    accuracy = (logits.argmax(1) == inside).to(torch::kDouble).mean().item<double>();
    adam.zero_grad();
    torch::nn::functional::cross_entropy(logits, inside).backward();
    adam.step();
  }
  std::printf("training accuracy after 200 epochs: %.3f\n", accuracy);
  const std::vector<double> bound = layer->solve(points).solution.error_bound;
  std::printf("the first answer is within %.1e of its equilibrium\n", bound[0]);
  return accuracy > 0.95 ? 0 : 1;
}
