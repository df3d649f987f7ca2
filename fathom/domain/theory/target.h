// What is to be represented: a locally Lipschitz F given by value, with its local Lipschitz constant.
//   [Liu2025] arXiv:2510.03638, sec. 2 and fig. 1
//
//   reciprocal      1/x                         on (0, 1]
//   inverse_square  1/x^2                       on (0, 1]
//   logarithm       log x                       on (0, 1]
//   tangent         tan x                       on (-pi/2, pi/2)
//   square_root     sqrt x                      on (0, 1]
//   two_poles       -x | 1/x + 1/(x-1) | 1/(x-1) - 1/x   below 0 | between 0 and 1 | above 1, on [-1, 2]
//   inversion       x / ||x||^2                 in the plane, ||DF|| = 1 / ||x||^2 (it is conformal)
//   matrix_inverse  A^-1                        of 2 x 2 matrices, ||DF|| = ||A^-1||_2^2 (dA -> -A^-1 dA A^-1)
//   expression      of one's own                on an interval without its poles
//
// On the points that keep `margin` from the singular set. The named ones follow the dtype of x; an expression is
// evaluated in float64 whatever it is, and its slope is a central difference (relative error about 1e-10).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "fathom/domain/theory/config.h"
#include "fathom/domain/theory/probed.h"

namespace fathom::theory {

struct Target {
  std::string name;
  std::string formula;  // "1/x"
  std::string place;    // the abscissa of pictures: "x", "||x||", "least singular value of A"
  std::int64_t inputs = 1, outputs = 1;
  double margin = 0;
  std::function<Tensor(const Tensor& x)> value;  // (N, inputs) -> (N, outputs)
  std::function<Tensor(const Tensor& x)> slope;  // (N, inputs) -> (N, 1): ||DF(x)||_2
  std::function<Probed(double margin, std::int64_t points, std::uint64_t seed)> probe;
  bool singular = true;  // it has a singular set at which it can be probed ever closer

  Probed points(std::int64_t count, std::uint64_t seed) const { return probe(margin, count, seed); }
};

// By its name. Errors: UsageError for an expression that does not parse or is not finite on its points.
Target make_target(const std::string& name, const ExpressionConfig& own);

// One of one variable from its value and slope.
Target target_on_interval(std::string name, std::string formula, std::function<Tensor(const Tensor&)> value,
                          std::function<Tensor(const Tensor&)> slope, double low, double high,
                          std::vector<double> poles, double margin);

}  // namespace fathom::theory
