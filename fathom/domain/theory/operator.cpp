#include "fathom/domain/theory/operator.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/sqrt.h>

#include <fmt/format.h>

namespace fathom::theory {

namespace {

// The squares of differences and not of norms: exact for near points.
constexpr std::int64_t kNoMatrixProduct = 2;

Tensor distances(const Tensor& x, const Tensor& anchors) { return at::cdist(x, anchors, 2.0, kNoMatrixProduct); }

// F + (1 - eps)(y - F) with F and eps known.
Map towards(const Tensor& F, const Tensor& eps) {
  return Map([F, keep = 1 - eps](const Tensor& y, const Rows& rows) {
    const Tensor target = rows.of(F);
    return target + rows.of(keep) * (y - target);
  });
}

}  // namespace

AdaptiveStep::AdaptiveStep(const Target& target, const Tensor& anchors, double c, double kappa)
    : anchors_(anchors), c_(c), kappa_(kappa) {
  const Tensor size = at::linalg_vector_norm(target.value(anchors), 2, {1});
  const Tensor steepness = at::sqrt(target.slope(anchors).squeeze(1));
  p_ = 1 / at::maximum(size, steepness).clamp_min(1);
}

Tensor AdaptiveStep::operator()(const Tensor& x) const {
  const Tensor anchors = anchors_.to(x.scalar_type()), p = p_.to(x.scalar_type());
  const Tensor q = at::amin(p + kappa_ * distances(x, anchors), {1}, true);
  return c_ * q * q;
}

Operator regular_operator(const Target& target, const Tensor& anchors, double c, double kappa) {
  const AdaptiveStep step(target, anchors, c, kappa);
  Operator op{"regular", "F(x) + (1 - eps(x)) (y - F(x))", step.product_lipschitz(), step.lipschitz(),
              step.lipschitz()};
  op.step = step;
  op.at = [step, value = target.value](const Tensor& x) { return towards(value(x), step(x)); };
  return op;
}

Operator constant_step_operator(const Target& target, double c, double kappa) {
  Operator op{"constant step", fmt::format("F(x) + {:g} (y - F(x))", 1 - c), c * (1 + 2 * kappa), 2 * c * kappa,
              2 * c * kappa};
  op.step = [c](const Tensor& x) { return at::full({x.size(0), 1}, c, x.options()); };
  op.at = [step = op.step, value = target.value](const Tensor& x) { return towards(value(x), step(x)); };
  return op;
}

Operator reciprocal_operator(double eta) {
  Operator op{"reciprocal", fmt::format("y - {:g} (x y - 1)", eta), 0, eta, eta};
  op.step = [eta](const Tensor& x) { return eta * x; };
  op.at = [eta](const Tensor& points) {
    return Map([eta, points](const Tensor& y, const Rows& rows) { return y - eta * (rows.of(points) * y - 1); });
  };
  return op;
}

Tensor reciprocal_iterate(const Tensor& x, double eta, double t) { return -at::expm1(t * at::log1p(-eta * x)) / x; }

}  // namespace fathom::theory
