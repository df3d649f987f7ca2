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
  std::int64_t m = 0, n = 0;           // constraints, variables
  std::vector<std::int64_t> row, column;  // of each nonzero, sorted by row, then column
  std::vector<double> value;           // a_ij
  std::vector<double> b;               // [m]
  std::vector<std::uint8_t> equality;  // [m] 1 for "=", 0 for "<="
  std::vector<double> c, l, u;         // [n]
};

// Programs with their solutions, in the same order.
struct Dataset {
  std::vector<Instance> instances;
  std::vector<std::vector<double>> solutions;
};

}  // namespace fathom::lp
