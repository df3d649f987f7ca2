// Operators G(y, x) whose fixed point is a target F(x), and the adaptive step that makes one regular.
//   [Liu2025] arXiv:2510.03638, Theorem 2.4:  G(y, x) = F(x) + (1 - eps(x)) (y - F(x))
//
// The adaptive step, from |F| and |F'| alone (F' the local Lipschitz constant):
//   p(x)   = 1 / max(1, ||F(x)||, sqrt(||F'(x)||))
//   q(x)   = inf_z p(z) + kappa ||x - z||                 the greatest kappa-Lipschitz function below p [McShane1934]
//   eps(x) = c q(x)^2
// With q <= p, q <= 1 and |q'| <= kappa almost everywhere:
//   |eps'|           = 2 c q |q'|                  <= 2 c kappa
//   |(eps F)'|      <= |eps'| ||F|| + eps ||F'||   <= 2 c kappa + c
// so that   ||G(y, x) - G(y, x')|| <= (a + b ||y||) ||x - x'||,   a = c (1 + 2 kappa),  b = 2 c kappa,   however steep
// F is: condition (i) of a regular operator. G contracts y by mu(x) = 1 - eps(x) < 1, continuous: condition (ii). eps >
// 0 since p is continuous. On the paper's two poles eps is c x^2 near 0, as in its figure 1. The infimum is over
// anchors, a finite set: for pairs of anchors both bounds hold up to what F' changes between neighbours.
#pragma once

#include <functional>
#include <string>

#include "fathom/domain/theory/target.h"
#include "fathom/tensor/map.h"

namespace fathom::theory {

class AdaptiveStep {
 public:
  AdaptiveStep(const Target& target, const Tensor& anchors, double c, double kappa);

  Tensor operator()(const Tensor& x) const;             // (N, d) -> eps (N, 1). Cost: N times the anchors.
  double lipschitz() const { return 2 * c_ * kappa_; }  // of eps: b
  double product_lipschitz() const { return c_ * (1 + 2 * kappa_); }  // of eps F: a

 private:
  Tensor anchors_, p_;  // (M, d), (M)
  double c_, kappa_;
};

struct Operator {
  std::string name;     // "regular", "constant step", "reciprocal"
  std::string formula;  // G(y, x)
  double a = 0, b = 0;  // claimed: the Lipschitz constant in x is at most a + b ||y||
  double mu_slope = 0;  // claimed: that of mu(x) = 1 - step(x)
  // (N, d) -> (N, 1): G contracts by exactly 1 - step, y_t - F = (1 - step)^t (y_0 - F).
  std::function<Tensor(const Tensor& x)> step;
  // y -> G(y, x) for the rows of x; can be compacted.
  std::function<Map(const Tensor& x)> at;
};

Operator regular_operator(const Target& target, const Tensor& anchors, double c, double kappa);

// G = F + (1 - c)(y - F): contracts, but its Lipschitz constant in x is c |F'|, which no bound holds near a pole. It
// claims the bounds of the regular one, so that the checks can refuse it.
Operator constant_step_operator(const Target& target, double c, double kappa);

// G(y, x) = y - eta (x y - 1), whose fixed point is 1/x: no value of 1/x in it, and a + b ||y|| = eta |y|.
// y_t = (1 - (1 - eta x)^t) / x from y_0 = 0.
Operator reciprocal_operator(double eta);
Tensor reciprocal_iterate(const Tensor& x, double eta, double t);  // that y_t, by expm1 and log1p

}  // namespace fathom::theory
