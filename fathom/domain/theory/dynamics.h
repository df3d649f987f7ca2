// What the plain iteration y_t = G(y_{t-1}, x), y_0 = 0, computes after t steps, against the closed form
//
//   y_t - F = -(1 - eps)^t F
//   y_t(x) - y_t(x') = (1 - q(x)) (F(x) - F(x')) - (q(x) - q(x')) F(x'),   q = (1 - eps)^t
//
// so that the slope over a pair tends to that of F as t -> infinity, and the second term, of size t |eps'| (1 -
// eps)^(t-1) ||F||, can make the Lipschitz constant dip on the way.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/theory/operator.h"

namespace fathom::theory {

struct Dynamics {
  std::vector<std::int64_t> t;               // 1, 2, 3, ... about twelve a decade, T
  std::vector<double> lipschitz;             // of y_t over the pairs
  std::vector<double> error, largest_error;  // ||y_t - F|| / (1 + ||F||): mean and greatest over the points
  std::vector<double> predicted_error;       // the mean of (1 - eps)^t ||F|| / (1 + ||F||)
  double deviation = -1;                     // max over t and x of | ||y_t - F|| - (1 - eps)^t ||F|| | / (1 + ||F||)
  double target_lipschitz = -1;              // of F over the pairs
  std::int64_t dips = 0;                     // t at which the constant is below its running maximum
  double deepest_dip = 0;                    // 1 - Lip(y_t) / running maximum, the greatest
  std::int64_t deepest_at = -1;
  double dip_step_term = 0;   // max over pairs of |q(x) - q(x')| ||F(x')|| / ||x - x'|| there
  double dip_slope_term = 0;  // and of (1 - q(x)) ||F(x) - F(x')|| / ||x - x'||
  std::vector<std::int64_t> drawn_t;
  std::vector<Tensor> drawn;  // y_t at those

  double growth() const;     // running maximum at the last t over Lip(y_1)
  double shortfall() const;  // |Lip(y_T) / Lip(F) - 1|
};

// The least T at which (1 - eps)^T (1 + 2 T eps) < 1% wherever: ceil(8 / least eps), at most `most`.
std::int64_t iterations_needed(const Tensor& eps, std::int64_t most);

// Cost: T evaluations of G.
Dynamics run_dynamics(const Operator& op, const Target& target, const Probed& probed, std::int64_t T);

// G = y - eta (x y - 1) at every t = 1..T on points of [low, 1], against reciprocal_iterate.
struct ReciprocalCheck {
  double error = -1;              // sup over t and x of |y_t - closed form| / closed form
  double least_increase = -1;     // min over t of Lip(y_{t+1}) / Lip(y_t) - 1: positive when strictly increasing
  double lipschitz_error = -1;    // sup over t of |Lip(y_t) / that of the closed form - 1|
  std::vector<double> lipschitz;  // [t - 1]
};
ReciprocalCheck check_reciprocal(const Probed& probed, double eta, std::int64_t T);

}  // namespace fathom::theory
