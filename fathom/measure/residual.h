// How far a state is from being a fixed point.
#pragma once

#include <vector>

#include "fathom/tensor/map.h"

namespace fathom::measure {

struct Residual {
  std::vector<double> absolute;  // [b] ||G(y) - y||, all parts together
  std::vector<double> relative;  // [b] the same over ||G(y)||; 0 where the residual is 0
};

// One evaluation of G without gradients. Errors (fathom::Error): G changes the shape of its state.
Residual residual(const Map& map, const State& y, const Rows& rows = {});

}  // namespace fathom::measure
