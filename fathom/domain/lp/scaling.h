// A real program in the units of the programs that networks are trained on, and the way back.
//
//   x = D x~        min c~'x~  s.t.  A~ x~ <= or = b~,  l~ <= x~ <= u~,      A~ = R A D,  b~ = R b,  c~ = s D c,  l~
//   = l / D
//
// R and D make the nonzeros of every row and column of A of size about 1 (root mean square; the alternating scheme of
// [Ruiz2001] with that norm), a common factor of D and 1/R makes the largest b of size 1 (or,
// without one, the root mean square finite bound of size 10), and s makes the largest cost 0.01: nonzeros N(0,1), b ~
// U(-1,1), bounds N(0,10^2) and c ~ 0.01 U(-1,1) are what generate.h draws. All factors are powers of two: scaling
// and its undoing are exact.
#pragma once

#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

struct Scaled {
  Instance instance;           // A~, b~, c~, l~, u~
  std::vector<double> row;     // [m] diagonal of R
  std::vector<double> column;  // [n] diagonal of D
  double cost = 1;             // s

  std::vector<double> scale(const std::vector<double>& x) const;           // x~ = x / D
  std::vector<double> unscale(const std::vector<double>& scaled) const;    // x = D x~
  double unscale_objective(double scaled) const { return scaled / cost; }  // c'x = c~'x~ / s
};

// Cost: about 20 passes over the nonzeros. Errors: an instance that validate() refuses.
Scaled scale(const Instance& instance);

}  // namespace fathom::lp
