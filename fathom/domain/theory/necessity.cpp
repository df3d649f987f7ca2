#include "fathom/domain/theory/necessity.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::theory {

namespace {

constexpr std::int64_t kPoints = 16, kRandomMoves = 8;

Family rotation(double mu) {
  const double c = mu * std::cos(1), s = mu * std::sin(1);
  const Tensor R = tensor::from_doubles({c, -s, s, c}, {2, 2}, at::kDouble);
  return {"rotation", 2, 2,
          [R](const State& y, const State& x) -> State { return State(at::linear(y.only(), R) + x.only()); }};
}

Family network(double mu, std::uint64_t seed) {
  constexpr std::int64_t kStates = 8, kInputs = 3;
  tensor::seed(base::stream_seed(seed, "necessity network"));
  const Tensor Q = std::get<0>(at::linalg_qr(at::randn({kStates, kStates}, at::kDouble)));
  const Tensor U = at::randn({kStates, kInputs}, at::kDouble), b = 0.1 * at::randn({kStates}, at::kDouble);
  return {"network", kInputs, kStates, [=](const State& y, const State& x) -> State {
            return State(mu * at::tanh(at::linear(y.only(), Q, b) + at::linear(x.only(), U)));
          }};
}

Map with_input(const Family& family, const Tensor& x) {
  return Map([G = family.G, x](const State& y, const Rows& rows) { return G(y, State(rows.of(x))); });
}

Solution solved(const Family& family, const Tensor& x, const State& start) {
  const solve::Stop stop{.rtol = 1e-13, .atol = 1e-13, .max_iter = 400, .patience = 400};
  return solve::fixed_point(with_input(family, x), start, solve::NewtonKrylov{}, stop);
}

// Directions in which inputs are moved: the axes, then random ones.
std::vector<Tensor> moves(std::int64_t inputs) {
  std::vector<Tensor> list;
  const Tensor axes = at::eye(inputs, at::kDouble);
  for (std::int64_t i = 0; i < inputs; ++i) list.push_back(axes.narrow(0, i, 1));
  for (std::int64_t k = 0; inputs > 1 && k < kRandomMoves; ++k) {
    const Tensor v = at::randn({1, inputs}, at::kDouble);
    list.push_back(v / at::linalg_vector_norm(v));
  }
  return list;
}

}  // namespace

Family make_family(const std::string& name, double mu, std::uint64_t seed) {
  if (name == "affine") {
    return {name, 1, 1,
            [mu](const State& y, const State& x) -> State { return State(mu * y.only() + at::sin(x.only())); }};
  }
  if (name == "tanh") {
    return {name, 1, 1,
            [mu](const State& y, const State& x) -> State { return State(mu * at::tanh(y.only()) + x.only()); }};
  }
  if (name == "rotation") return rotation(mu);
  if (name == "network") return network(mu, seed);
  base::fail("theory::make_family", "name = {} violates a name of kFamilies", name);
}

Necessity measure_necessity(const Family& family, double mu, std::uint64_t seed) {
  tensor::seed(base::stream_seed(seed, "necessity points"));
  Tensor x = 2 * at::rand({kPoints, family.inputs}, at::kDouble) - 1;
  x.select(0, 0).zero_();
  const Solution base_point = solved(family, x, State(at::zeros({kPoints, family.outputs}, at::kDouble)));
  const std::vector<double> contraction = measure::sigma_max(with_input(family, x), base_point.y).value,
                            gain = measure::input_gain(family.G, base_point.y, State(x)).value;
  std::vector<double> steepest(kPoints, 0);
  Necessity n{
      .family = family.name, .mu = mu, .converged = base_point.count(solve::Status::converged), .points = kPoints};
  for (const Tensor& move : moves(family.inputs)) {
    const Tensor moved = x + 1e-4 * (1 - mu) * move;
    const Solution there = solved(family, moved, base_point.y);
    n.converged = std::min(n.converged, there.count(solve::Status::converged));
    const std::vector<double> ratio = measure::lipschitz(base_point.y, there.y, State(x), State(moved));
    for (std::size_t i = 0; i < steepest.size(); ++i) steepest[i] = std::max(steepest[i], ratio[i]);
  }
  for (std::size_t i = 0; i < steepest.size(); ++i) {
    const double bound = gain[i] / (1 - contraction[i]);
    n.largest_ratio = std::max(n.largest_ratio, steepest[i] / bound);
    n.largest_mu = std::max(n.largest_mu, contraction[i]);
    if (steepest[i] > n.measured) {
      n.measured = steepest[i];
      n.bound = bound;
    }
  }
  return n;
}

}  // namespace fathom::theory
