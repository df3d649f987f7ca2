// The distribution that random linear programs are drawn from (arXiv 2510.03638, LP case study). No torch.
#pragma once

#include <cstdint>

#include "fathom/base/fields.h"

namespace fathom::lp {

// m constraints, n variables, nnz distinct positions with N(0,1) values, c ~ cost_scale U(-1,1), b ~ U(-1,1), bounds
// two sorted N(0, bound_scale^2) draws, each row "=" with probability p_equality and "<=" otherwise.
struct GenerateOptions {
  std::int64_t m = 10, n = 50, nnz = 100;
  double p_equality = 0.3;
  double cost_scale = 0.01;
  double bound_scale = 10;
  double p_infinite = 0;    // each bound is dropped with this probability
  double largest_x = 1e50;  // programs whose solution has a larger entry are left out (few, without infinite bounds)

  void fields(base::Fields& f) {
    f.add("m", m, {.at_least = 1, .at_most = 10000}, "constraints");
    f.add("n", n, {.at_least = 1, .at_most = 100000}, "variables");
    f.add("nnz", nnz, {.at_least = 1, .at_most = 10000000}, "nonzero coefficients, at most m*n");
    f.add("p_equality", p_equality, {.at_least = 0, .at_most = 1}, "probability that a row is an equality");
    f.add("cost_scale", cost_scale, {.above = 0, .at_most = 1e50}, "costs are uniform in [-cost_scale, cost_scale]");
    f.add("bound_scale", bound_scale, {.above = 0, .at_most = 1e50}, "standard deviation of the bounds");
    f.add("p_infinite", p_infinite, {.at_least = 0, .below = 1}, "probability that a bound is infinite");
    f.add("largest_x", largest_x, {.above = 0}, "programs whose solution has a larger entry are left out");
  }
};

}  // namespace fathom::lp
