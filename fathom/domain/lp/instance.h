// A linear program in the form the networks see.
//
//   min c'x   subject to   a_i'x <= b_i  or  a_i'x = b_i,   l <= x <= u        (bounds may be infinite)
//
// The folder domain/lp is the namespace fathom::lp.
#pragma once

#include <cstdint>
#include <vector>

namespace fathom::lp {

struct Instance {
  std::int64_t m = 0, n = 0;              // constraints, variables
  std::vector<std::int64_t> row, column;  // of each nonzero, sorted by row, then column
  std::vector<double> value;              // a_ij
  std::vector<double> b;                  // [m]
  std::vector<std::uint8_t> equality;     // [m] 1 for "=", 0 for "<="
  std::vector<double> c, l, u;            // [n]

  bool operator==(const Instance&) const = default;
};

// Programs with their solutions, in the same order.
struct Dataset {
  std::vector<Instance> instances;
  std::vector<std::vector<double>> solutions;
};

// Throws Error, with the name of the field, unless the sizes agree, the nonzeros are sorted and distinct, all numbers
// but the bounds are finite, l < inf, u > -inf and no bound is NaN. l > u is allowed: such a program is infeasible.
void validate(const Instance& instance);

double objective(const Instance& instance, const std::vector<double>& x);              // c'x
std::vector<double> activity(const Instance& instance, const std::vector<double>& x);  // A x, [m]

}  // namespace fathom::lp
