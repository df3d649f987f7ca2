#include "fathom/domain/theory/regularity.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "fathom/measure/spectral.h"
#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

// Rounding of a ratio of differences whose exact value may equal the bound.
constexpr double kRounding = 1e-9;

// Unit vectors of R^n.
std::vector<Tensor> directions(std::int64_t n) {
  Tensor axis = at::zeros({1, n}, at::kDouble);
  axis.select(1, 0).fill_(1);
  std::vector<Tensor> list{axis, -axis};
  if (n == 1) return list;
  const Tensor diagonal = at::ones({1, n}, at::kDouble) / std::sqrt(static_cast<double>(n));
  list.insert(list.end(), {diagonal, -diagonal});
  return list;
}

double gain_at(const Map& G, const Target& target, const Probed& probed, double size) {
  double largest = 0;
  for (const Tensor& direction : directions(target.outputs)) {
    const Tensor y = (size * direction).expand({probed.points(), target.outputs}).to(probed.x.scalar_type());
    largest = std::fmax(largest, lipschitz(probed, G(y.contiguous()).only()));
  }
  return largest;
}

}  // namespace

Regularity check_regularity(const Operator& op, const Target& target, const Probed& probed) {
  const Map G = op.at(probed.x);
  Regularity r;
  r.claimed_mu_slope = op.mu_slope * (1 + kRounding);
  for (const double size : {0.0, 1.0, 10.0, 100.0}) {
    r.size.push_back(size);
    r.gain.push_back(gain_at(G, target, probed, size));
    const double allowed = (op.a + op.b * size) * (1 + kRounding);
    r.excess = std::fmax(r.excess, allowed > 0 ? r.gain.back() / allowed : (r.gain.back() > 0 ? INFINITY : 0));
  }
  r.mu = measure::sigma_max(G, State(target.value(probed.x))).value;
  r.largest_mu = *std::max_element(r.mu.begin(), r.mu.end());
  r.mu_slope = lipschitz(probed, tensor::from_doubles(r.mu, {probed.points(), 1}, at::kDouble));
  return r;
}

Approach approach(const std::function<Operator(const Tensor& anchors)>& make, const Target& target, std::int64_t points,
                  std::uint64_t seed) {
  Approach result;
  for (const double divisor : {1.0, 4.0, 16.0, 64.0}) {
    const double margin = target.margin / divisor;
    const Probed probed = target.probe(margin, points, seed);
    const Tensor zero = at::zeros({probed.points(), target.outputs}, probed.x.options());
    result.margin.push_back(margin);
    result.gain.push_back(lipschitz(probed, make(probed.x).at(probed.x)(zero).only()));
  }
  return result;
}

}  // namespace fathom::theory
