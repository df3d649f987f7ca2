// The other direction: a regular G has a locally Lipschitz fixed point, and a steep one needs mu near 1.
//   [Liu2025] arXiv:2510.03638, Theorem 2.5:  Lip_loc(y*)(x) <= ||dG/dx|| / (1 - mu(x)),  mu(x) = ||dG/dy||, both at
//   y*(x)
//
// Families of operators with a contraction factor mu -> 1 (R a rotation by one radian, Q orthogonal and U, b drawn):
//   affine     mu y + sin x                 attains the bound
//   tanh       mu tanh y + x                mu(x) = mu (1 - tanh^2 y*)
//   rotation   mu R y + x in the plane      1 / |1 - mu e^i|: far below the bound, which is no equality
//   network    mu tanh(Q y + U x + b)       8 states, 3 inputs
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/measure/sensitivity.h"

namespace fathom::theory {

struct Family {
  std::string name;
  std::int64_t inputs = 1, outputs = 1;
  measure::Joint G;
};
Family make_family(const std::string& name, double mu, std::uint64_t seed);
inline const std::vector<std::string> kFamilies = {"affine", "tanh", "rotation", "network"};

struct Necessity {
  std::string family;
  double mu = 0;  // of the family
  std::int64_t converged = 0, points = 0;
  double largest_mu = -1;     // measured at the fixed points
  double measured = -1;       // the greatest local Lipschitz constant of y* found
  double bound = -1;          // ||dG/dx|| / (1 - mu(x)) at the same point
  double largest_ratio = -1;  // max over points of measured / bound: at most 1
};

// At 16 points of [-1, 1]^d (the origin first): y* by Newton's method to 1e-13, its slope from moves of length
// 1e-4 (1 - mu) along every axis and eight random directions.
Necessity measure_necessity(const Family& family, double mu, std::uint64_t seed);

}  // namespace fathom::theory
