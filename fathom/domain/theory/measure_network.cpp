#include "fathom/domain/theory/measure_network.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/base/seed.h"
#include "fathom/measure/spectral.h"
#include "fathom/study/regularity.h"
#include "fathom/tensor/device.h"

namespace fathom::theory {

namespace {

constexpr std::int64_t kGradientPoints = 2048;  // random arguments at which gradients of a network are looked at
constexpr std::int64_t kVerdictPoints = 64;

// Arguments [y; x] (or x) of the network: random ones from the box of the test points.
Tensor random_arguments(const Network& network, const LearnedPoints& points) {
  const auto within = [](const Tensor& v) {
    const Tensor low = v.min(), high = v.max();
    return low + (high - low) * at::rand({kGradientPoints, 1}, v.options());
  };
  tensor::seed(base::stream_seed(0, "arguments"));
  const Tensor x = within(points.test.x);
  return network.implicit() ? at::cat({within(points.test_F), x}, 1) : x;
}

// The largest ||d network|| in all arguments together; the gradient of one output is exact in one product.
double largest_gradient(const Network& network, const LearnedPoints& points) {
  const auto value = [&](const State& z) -> State {
    if (!network.implicit()) return State(network.forward(z.only()));
    return network.map(z.only().narrow(1, 1, 1))(State(z.only().narrow(1, 0, 1)));
  };
  const Tensor z = random_arguments(network, points);
  const std::vector<double> size = measure::sigma_max(tensor::Linearization::of(value, State(z))).value;
  return *std::max_element(size.begin(), size.end());
}

void measure_iterates(const LearnedConfig& config, const Network& network, const LearnedPoints& points,
                      MeasuredNetwork& m) {
  const at::NoGradGuard no_grad;
  const Map G = network.map(points.test.x);
  m.drawn_t = shown_times(config);
  State y = at::zeros_like(points.test_F);
  for (std::int64_t t = 0; t <= config.iterations; ++t) {
    m.error.push_back(relative_error(y.only(), points.test_F));
    m.lipschitz.push_back(lipschitz(points.test, y.only()));
    if (std::binary_search(m.drawn_t.begin(), m.drawn_t.end(), t)) m.drawn.push_back(y.only());
    if (t < config.iterations) y = G(y);
  }
  const std::vector<double> mu = measure::sigma_max(G, y).value;
  m.largest_mu = *std::max_element(mu.begin(), mu.end());
}

std::string verdict_of(const LearnedConfig& config, const Network& network, const LearnedPoints& points) {
  const std::int64_t stride = std::max<std::int64_t>(1, points.test.points() / kVerdictPoints);
  const Tensor x = points.test.x.slice(0, 0, points.test.points(), stride).contiguous();
  const measure::Joint G = [&](const State& y, const State& input) { return network.map(input.only())(y); };
  return study::verdict(study::probe_regularity(G, State(at::zeros_like(x)), State(x), config.depth));
}

}  // namespace

double relative_error(const Tensor& y, const Tensor& F) { return ((y - F).norm() / F.norm()).item<double>(); }

std::vector<std::int64_t> shown_times(const LearnedConfig& config) {
  std::vector<std::int64_t> list{1, 5, config.depth, config.iterations};
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

MeasuredNetwork measure_network(const LearnedConfig& config, const TrainedNetwork& trained,
                                const LearnedPoints& points) {
  const Network& network = *trained.network;
  trained.network->to(at::kDouble);
  MeasuredNetwork m{.train_loss = trained.train_loss, .seconds = trained.seconds, .lr = trained.lr};
  m.parameters = network.parameter_count();
  m.proved_bound = network.proved_bound();
  m.largest_layer = network.largest_layer();
  m.largest_gradient = largest_gradient(network, points);
  if (network.implicit()) {
    measure_iterates(config, network, points, m);
    m.verdict = verdict_of(config, network, points);
    return m;
  }
  const Tensor output = network.forward(points.test.x);
  m.error = {relative_error(output, points.test_F)};
  m.lipschitz = {lipschitz(points.test, output)};
  m.drawn = {output};
  return m;
}

}  // namespace fathom::theory
