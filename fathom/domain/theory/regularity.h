// The two conditions of a regular operator, measured on the points and pairs of a target.
//
//   (i)   gain(r) = max over pairs, ||y|| = r, of ||G(y, x) - G(y, x')|| / ||x - x'||    against   a + b r
//   (ii)  mu(x) = ||dG/dy||_2 at y = F(x), against 1, and max over pairs of |mu(x) - mu(x')| / ||x - x'|| against its
//         claimed Lipschitz constant
// Lower bounds of suprema: a refusal is a proof, an acceptance holds on the points probed.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/theory/operator.h"

namespace fathom::theory {

struct Regularity {
  std::vector<double> size;  // ||y||
  std::vector<double> gain;  // at each
  double excess = -1;        // max gain(r) / (a + b r)
  std::vector<double> mu;    // [point]
  double largest_mu = -1;
  double mu_slope = -1;
  double claimed_mu_slope = -1;

  bool grows_linearly() const { return excess <= 1; }
  bool contracts() const { return largest_mu < 1 && mu_slope <= claimed_mu_slope; }
  bool regular() const { return grows_linearly() && contracts(); }
};

// y of length 0, 1, 10, 100 in the directions of the first axis and of (1, ..., 1), either sign. Cost: 16 G and one
// measure::sigma_max.
Regularity check_regularity(const Operator& op, const Target& target, const Probed& probed);

// The greatest gain at y = 0 on ever closer sets, the margin divided by 1, 4, 16, 64: bounded for a regular operator,
// which is built anew on each; growing without end for a non-regular one.
struct Approach {
  std::vector<double> margin, gain;
  double growth() const { return gain.back() / gain.front(); }
};
Approach approach(const std::function<Operator(const Tensor& anchors)>& make, const Target& target, std::int64_t points,
                  std::uint64_t seed);

}  // namespace fathom::theory
