#include "fathom/domain/theory/dynamics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/zeros_like.h>

namespace fathom::theory {

namespace {

constexpr double kPerDecade = 12;
constexpr double kDipRounding = 1e-9;  // a fall of the constant that rounding can make

std::vector<std::int64_t> points_in_time(std::int64_t T) {
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0;; ++i) {
    const auto t = static_cast<std::int64_t>(std::llround(std::pow(10, static_cast<double>(i) / kPerDecade)));
    if (t >= T) break;
    if (list.empty() || t > list.back()) list.push_back(t);
  }
  list.push_back(T);
  return list;
}

// The powers of ten among those; y_T would hide F.
std::vector<std::int64_t> drawn_times(std::int64_t T) {
  std::vector<std::int64_t> list{1};
  for (std::int64_t t = 10; t < T; t *= 10) list.push_back(t);
  return list;
}

Tensor length_of(const Tensor& y) { return at::linalg_vector_norm(y, 2, {1}, true); }

// What is known beforehand and compared with at every t.
class Expected {
 public:
  Expected(const Tensor& F, const Tensor& eps) : F_(F), size_(length_of(F)), log_keep_(at::log1p(-eps)) {}

  Tensor q(std::int64_t t) const { return at::exp(static_cast<double>(t) * log_keep_); }

  void compare(const Tensor& y, std::int64_t t, Dynamics& d) const {
    const Tensor error = length_of(y - F_), predicted = q(t) * size_, scale = 1 + size_;
    d.deviation = std::max(d.deviation, ((error - predicted).abs() / scale).max().item<double>());
    d.error.push_back((error / scale).mean().item<double>());
    d.largest_error.push_back((error / scale).max().item<double>());
    d.predicted_error.push_back((predicted / scale).mean().item<double>());
  }

  void explain_dip(const Probed& probed, Dynamics& d) const {
    const Tensor keep = q(d.deepest_at);
    const auto from = [&](const Tensor& v) { return at::index_select(v, 0, probed.from); };
    const auto to = [&](const Tensor& v) { return at::index_select(v, 0, probed.to); };
    const Tensor dx = length_of(to(probed.x) - from(probed.x));
    d.dip_step_term = ((to(keep) - from(keep)).abs() * to(size_) / dx).max().item<double>();
    d.dip_slope_term = ((1 - from(keep)) * length_of(to(F_) - from(F_)) / dx).max().item<double>();
  }

 private:
  Tensor F_, size_, log_keep_;
};

void find_dips(Dynamics& d) {
  double running = 0;
  for (std::size_t i = 0; i < d.t.size(); ++i) {
    const double depth = running > 0 ? 1 - d.lipschitz[i] / running : 0;
    if (depth > kDipRounding) ++d.dips;
    if (depth > kDipRounding && depth > d.deepest_dip) {
      d.deepest_dip = depth;
      d.deepest_at = d.t[i];
    }
    running = std::max(running, d.lipschitz[i]);
  }
}

}  // namespace

double Dynamics::growth() const { return *std::max_element(lipschitz.begin(), lipschitz.end()) / lipschitz.front(); }

double Dynamics::shortfall() const {
  const double difference = std::abs(lipschitz.back() - target_lipschitz);
  return difference > 0 ? difference / target_lipschitz : 0;
}

std::int64_t iterations_needed(const Tensor& eps, std::int64_t most) {
  const double needed = std::ceil(8 / eps.min().item<double>());
  return needed < static_cast<double>(most) ? static_cast<std::int64_t>(needed) : most;
}

Dynamics run_dynamics(const Operator& op, const Target& target, const Probed& probed, std::int64_t T) {
  const at::NoGradGuard no_grad;
  const Tensor F = target.value(probed.x);
  const Expected expected(F, op.step(probed.x));
  const Map G = op.at(probed.x);
  Dynamics d;
  d.t = points_in_time(T);
  d.drawn_t = drawn_times(T);
  d.target_lipschitz = lipschitz(probed, F);
  State y = at::zeros_like(F);
  std::int64_t done = 0;
  for (const std::int64_t t : d.t) {
    for (; done < t; ++done) y = G(y);
    d.lipschitz.push_back(lipschitz(probed, y.only()));
    expected.compare(y.only(), t, d);
    if (std::binary_search(d.drawn_t.begin(), d.drawn_t.end(), t)) d.drawn.push_back(y.only());
  }
  find_dips(d);
  if (d.dips > 0) expected.explain_dip(probed, d);
  return d;
}

ReciprocalCheck check_reciprocal(const Probed& probed, double eta, std::int64_t T) {
  const at::NoGradGuard no_grad;
  const Map G = reciprocal_operator(eta).at(probed.x);
  const Tensor dx = at::index_select(probed.x, 0, probed.to) - at::index_select(probed.x, 0, probed.from);
  const auto steepest = [&](const Tensor& y) {
    return ((at::index_select(y, 0, probed.to) - at::index_select(y, 0, probed.from)) / dx).abs().max().item<double>();
  };
  ReciprocalCheck check;
  check.least_increase = std::numeric_limits<double>::infinity();
  State y = at::zeros_like(probed.x);
  for (std::int64_t t = 1; t <= T; ++t) {
    y = G(y);
    const Tensor exact = reciprocal_iterate(probed.x, eta, static_cast<double>(t));
    check.error = std::max(check.error, ((y.only() - exact).abs() / exact).max().item<double>());
    const double slope = steepest(y.only());
    if (t > 1) {  // y_1 = eta whatever x: its constant is 0
      check.lipschitz_error = std::max(check.lipschitz_error, std::abs(slope / steepest(exact) - 1));
      check.least_increase = std::min(check.least_increase, slope / check.lipschitz.back() - 1);
    }
    check.lipschitz.push_back(slope);
  }
  return check;
}

}  // namespace fathom::theory
