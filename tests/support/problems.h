// Maps with known answers, for testing whatever iterates them.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "fathom/tensor/map.h"

namespace fathom::testing_support {

// A map, a start and what is known of its fixed point.
struct Problem {
  std::string name;
  Map map;
  Tensor y0;        // (B, d)
  Tensor solution;  // (B, d); undefined where there is none
  double gain = 0;  // contraction factor at the solution: ||y - y*|| <= ||r|| / (1 - gain) for normal maps
};

inline at::TensorOptions on(at::ScalarType type) { return at::TensorOptions(type); }

// Symmetric with largest |eigenvalue| = radius.
inline Tensor symmetric(std::int64_t d, double radius, at::ScalarType type) {
  const Tensor a = at::randn({d, d}, on(at::kDouble));
  const Tensor w = a + a.t();
  return (w * (radius / at::linalg_eigvalsh(w).abs().max())).to(type);
}

// z -> z W' + c and its fixed point, computed in double.
inline Problem affine(std::string name, const Tensor& weight, const Tensor& offset, double gain) {
  const Tensor w = weight.to(at::kDouble), identity = at::eye(weight.size(0), on(at::kDouble));
  const Tensor solution = at::linalg_solve(identity - w, offset.to(at::kDouble).t()).t().contiguous();
  Map map([=](const Tensor& y, const Rows& rows) { return at::addmm(rows.of(offset), y, weight.t()); });
  return {std::move(name), map, at::zeros_like(offset), solution.to(offset.scalar_type()), gain};
}

inline Problem affine_of_radius(double radius, std::int64_t batch, std::int64_t d, at::ScalarType type) {
  at::manual_seed(11);
  const Tensor weight = symmetric(d, radius, type);
  return affine("affine of radius " + std::to_string(radius), weight, at::randn({batch, d}, on(type)), radius);
}

// Turns the plane by 100 degrees and shrinks it by .9 a step: plain iteration spirals in.
inline Problem rotation(at::ScalarType type) {
  at::manual_seed(12);
  const double angle = 100.0 / 180.0 * M_PI, c = .9 * std::cos(angle), s = .9 * std::sin(angle);
  const Tensor weight = at::tensor(std::vector<double>{c, -s, s, c}, on(at::kDouble)).view({2, 2}).to(type);
  return affine("rotation .9", weight, at::randn({4, 2}, on(type)), .9);
}

inline constexpr double kDottie = 0.7390851332151607;  // cos(x) = x

inline Problem cosine(at::ScalarType type) {
  const Tensor y0 = at::linspace(-1, 1, 12, on(type)).view({3, 4});
  Map map([](const Tensor& y, const Rows&) { return at::cos(y); });
  return {"cosine", map, y0, at::full_like(y0, kDottie), std::sin(kDottie)};
}

// z -> tanh(z W' + inj) with the solution chosen first: inj = atanh(z*) - z* W'.
inline Problem tanh_cell(std::int64_t batch, std::int64_t d, double radius, at::ScalarType type) {
  at::manual_seed(13);
  const Tensor weight = symmetric(d, radius, at::kDouble);
  const Tensor solution = at::rand({batch, d}, on(at::kDouble)) - .5;
  const Tensor injection = (at::atanh(solution) - at::mm(solution, weight.t())).to(type);
  const Tensor w = weight.to(type);
  Map map([=](const Tensor& y, const Rows& rows) { return at::tanh(at::addmm(rows.of(injection), y, w.t())); });
  return {"tanh cell", map, at::zeros({batch, d}, on(type)), solution.to(type), radius};
}

// I - J has one eigenvalue of .001: plain iteration crawls.
inline Problem nearly_singular(at::ScalarType type) {
  const Tensor weight = at::diag(at::tensor(std::vector<double>{.999, .5, .1, -.3}, on(at::kDouble))).to(type);
  return affine("nearly singular I - J", weight, at::ones({2, 4}, on(type)), .999);
}

// z -> 3 z + 1: expands from everywhere but -1/2.
inline Problem expanding(double start, at::ScalarType type) {
  const Tensor y0 = at::full({2, 3}, start, on(type));
  return {"3z + 1", Map([](const Tensor& y, const Rows&) { return 3 * y + 1; }), y0, at::full_like(y0, -.5), 3};
}

// Row b contracts by gains[b] towards 1 in all its d elements but one, towards that at half the
// gain.
inline Problem rows_of_gains(const std::vector<double>& gains, std::int64_t d, at::ScalarType type) {
  const auto batch = static_cast<std::int64_t>(gains.size());
  Tensor gain = at::tensor(gains, on(at::kDouble)).to(type).view({batch, 1}).repeat({1, d});
  gain.select(1, 0).mul_(.5);
  Map map([=](const Tensor& y, const Rows& rows) { return 1 + rows.of(gain) * (y - 1); });
  const Tensor y0 = at::zeros({batch, d}, on(type));
  return {"rows of gains", map, y0, at::ones_like(y0), *std::max_element(gains.begin(), gains.end())};
}

}  // namespace fathom::testing_support
