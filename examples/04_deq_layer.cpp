// A deep-equilibrium classifier: one implicit layer between two linear ones, trained with torch's own optimiser.
#include <cstdio>

#include <torch/nn/functional.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adam.h>

#include "fathom/diff/equilibrium.h"
#include "fathom/tensor/device.h"

namespace {

using fathom::Map;
using fathom::Rows;
using fathom::Tensor;

// y* = tanh(W y* + x): the output of the layer is its equilibrium. W is scaled to norm 0.9 where it is larger, so that
// the block stays a contraction while it is trained.
struct DeqImpl : torch::nn::Module {
  explicit DeqImpl(int64_t width) : w(register_parameter("w", torch::randn({width, width}) / width)) {}
  Tensor forward(const Tensor& x) {
    const Tensor weight = w * (0.9 / w.norm().clamp_min(0.9));
    const Map g([&](const Tensor& y, const Rows& rows) { return torch::tanh(torch::linear(y, weight) + rows.of(x)); });
    return fathom::equilibrium(g, torch::zeros_like(x), fathom::solve::Anderson{}, fathom::diff::Implicit{},
                               {.rtol = 1e-4})
        .y.only();
  }
  Tensor w;
};
TORCH_MODULE(Deq);

}  // namespace

int main() {
  fathom::tensor::seed(0);
  // Is the point inside the unit circle?
  const Tensor points = torch::rand({512, 2}) * 3 - 1.5;
  const Tensor inside = (points.square().sum(1) < 1).to(torch::kLong);
  torch::nn::Linear encode(2, 32), decode(32, 2);
  Deq layer(32);
  std::vector<Tensor> parameters = encode->parameters();
  for (const Tensor& p : layer->parameters()) parameters.push_back(p);
  for (const Tensor& p : decode->parameters()) parameters.push_back(p);
  torch::optim::Adam adam(parameters, 2e-2);
  double accuracy = 0;
  for (int epoch = 0; epoch < 200; ++epoch) {
    const Tensor logits = decode(layer(encode(points)));
    accuracy = (logits.argmax(1) == inside).to(torch::kDouble).mean().item<double>();
    adam.zero_grad();
    torch::nn::functional::cross_entropy(logits, inside).backward();
    adam.step();
  }
  std::printf("training accuracy after 200 epochs: %.3f\n", accuracy);
  return accuracy > 0.95 ? 0 : 1;
}
