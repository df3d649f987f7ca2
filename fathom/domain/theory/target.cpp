#include "fathom/domain/theory/target.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/where.h>

#include "fathom/base/error.h"
#include "fathom/domain/theory/expression.h"
#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

Target reciprocal() {
  return target_on_interval(
      "reciprocal", "1/x", [](const Tensor& x) { return 1 / x; }, [](const Tensor& x) { return 1 / (x * x); }, 0, 1,
      {0}, 0.02);
}

Target inverse_square() {
  return target_on_interval(
      "inverse_square", "1/x^2", [](const Tensor& x) { return 1 / (x * x); },
      [](const Tensor& x) { return 2 / (x * x * x); }, 0, 1, {0}, 0.15);
}

Target logarithm() {
  return target_on_interval(
      "logarithm", "log x", [](const Tensor& x) { return at::log(x); }, [](const Tensor& x) { return 1 / x; }, 0, 1,
      {0}, 1e-3);
}

Target tangent() {
  constexpr double kHalfPi = std::numbers::pi / 2;
  return target_on_interval(
      "tangent", "tan x", [](const Tensor& x) { return at::tan(x); },
      [](const Tensor& x) { return 1 + at::tan(x) * at::tan(x); }, -kHalfPi, kHalfPi, {-kHalfPi, kHalfPi}, 0.02);
}

Target square_root() {
  return target_on_interval(
      "square_root", "sqrt x", [](const Tensor& x) { return at::sqrt(x); },
      [](const Tensor& x) { return 0.5 / at::sqrt(x); }, 0, 1, {0}, 1e-6);
}

Target two_poles() {
  const auto value = [](const Tensor& x) {
    return at::where(x < 0, -x, at::where(x < 1, 1 / x + 1 / (x - 1), 1 / (x - 1) - 1 / x));
  };
  const auto slope = [](const Tensor& x) {
    const Tensor at_zero = 1 / (x * x), at_one = 1 / ((x - 1) * (x - 1));
    return at::where(x < 0, at::ones_like(x), at::where(x < 1, at_zero + at_one, at_one - at_zero));
  };
  return target_on_interval("two_poles", "two poles", value, slope, -1, 2, {0, 1}, 0.02);
}

Target inversion() {
  Target target{"inversion", "x/||x||^2", "||x||", 2, 2, 0.03};
  const auto squared = [](const Tensor& x) { return (x * x).sum({1}, true); };
  target.value = [squared](const Tensor& x) { return x / squared(x); };
  target.slope = [squared](const Tensor& x) { return 1 / squared(x); };
  target.probe = probe_disc;
  return target;
}

// (a b; c d)^-1 = (d -b; -c a) / (ad - bc).
Tensor inverse_of(const Tensor& A) {
  const Tensor a = A.select(1, 0), b = A.select(1, 1), c = A.select(1, 2), d = A.select(1, 3);
  return at::stack({d, -b, -c, a}, 1) / (a * d - b * c).unsqueeze(1);
}

// ||B||_2 of a 2 x 2 matrix: sigma_1 = (sqrt(f + 2 det) + sqrt(f - 2 det)) / 2, f = ||B||_F^2.
Tensor spectral_norm(const Tensor& B) {
  const Tensor f = (B * B).sum({1}, true);
  const Tensor det = (B.select(1, 0) * B.select(1, 3) - B.select(1, 1) * B.select(1, 2)).unsqueeze(1).abs();
  return (at::sqrt(f + 2 * det) + at::sqrt((f - 2 * det).clamp_min(0))) / 2;
}

Target matrix_inverse() {
  Target target{"matrix_inverse", "inverse of a 2x2 matrix", "least singular value of A", 4, 4, 0.05};
  target.value = inverse_of;
  target.slope = [](const Tensor& A) {
    const Tensor norm = spectral_norm(inverse_of(A));
    return norm * norm;
  };
  target.probe = probe_matrices;
  return target;
}

// f of every element, in float64.
Tensor each(const Tensor& x, const std::function<double(double)>& f) {
  std::vector<double> values = tensor::to_doubles(x);
  for (double& v : values) v = f(v);
  return tensor::from_doubles(values, x.sizes().vec(), at::kDouble).to(x.scalar_type());
}

// Central difference over x +- h, cut at the ends of the interval; h = (unit of rounding)^(1/3) of x's distance to 0.
double difference(const Expression& f, double x, double low, double high) {
  const double h = 6e-6 * std::max(std::abs(x), 1e-3 * (high - low));
  const double right = std::min(x + h, high), left = std::max(x - h, low);
  return std::abs((f(right) - f(left)) / (right - left));
}

void check_finite(const ExpressionConfig& own, const Target& target) {
  constexpr std::int64_t kPoints = 400;
  const Probed probed = target.points(kPoints, 0);
  const std::vector<double> x = tensor::to_doubles(probed.x), value = tensor::to_doubles(target.value(probed.x)),
                            slope = tensor::to_doubles(target.slope(probed.x));
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isfinite(value[i]) && std::isfinite(slope[i])) continue;
    throw UsageError(fmt::format(
        "[theory::make_target] expression = '{}' violates finite on the probed set: {} {} at x = {}; change "
        "target.low, target.high, target.poles or target.margin",
        own.expression, std::isfinite(value[i]) ? "its slope is" : "it is",
        std::isfinite(value[i]) ? slope[i] : value[i], x[i]));
  }
}

Target of_expression(const ExpressionConfig& own) {
  const Expression f(own.expression);
  Target target = target_on_interval(
      std::string(kExpression), own.expression, [f](const Tensor& x) { return each(x, f); },
      [f, own](const Tensor& x) { return each(x, [&](double at) { return difference(f, at, own.low, own.high); }); },
      own.low, own.high, own.poles, own.margin);
  target.singular =
      std::any_of(own.poles.begin(), own.poles.end(), [&](double pole) { return pole >= own.low && pole <= own.high; });
  check_finite(own, target);
  return target;
}

}  // namespace

Target target_on_interval(std::string name, std::string formula, std::function<Tensor(const Tensor&)> value,
                          std::function<Tensor(const Tensor&)> slope, double low, double high,
                          std::vector<double> poles, double margin) {
  Target target{std::move(name), std::move(formula), "x", 1, 1, margin, std::move(value), std::move(slope)};
  target.probe = [low, high, poles = std::move(poles)](double distance, std::int64_t points, std::uint64_t) {
    return probe_interval(low, high, poles, distance, points);
  };
  return target;
}

Target make_target(const std::string& name, const ExpressionConfig& own) {
  if (name == "reciprocal") return reciprocal();
  if (name == "inverse_square") return inverse_square();
  if (name == "logarithm") return logarithm();
  if (name == "tangent") return tangent();
  if (name == "square_root") return square_root();
  if (name == "two_poles") return two_poles();
  if (name == "inversion") return inversion();
  if (name == "matrix_inverse") return matrix_inverse();
  if (name == kExpression) return of_expression(own);
  base::fail("theory::make_target", "name = {} violates a name of target.h", name);
}

}  // namespace fathom::theory
