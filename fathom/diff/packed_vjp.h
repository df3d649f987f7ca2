// u -> u' dG/dy at a solved batch by the map's packed cell: no autograd, no allocation per product, and rows of the
// adjoint that are done are dropped, which a taped G cannot do.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fathom/tensor/map.h"

namespace fathom::diff {

class PackedVjp {
 public:
  virtual ~PackedVjp() = default;
  virtual Tensor operator()(const Tensor& u) const = 0;  // (B, D) -> (B, D)
  virtual Map adjoint(const Tensor& v) const = 0;        // u -> v + u' dG/dy, with a packed map of its own
};

// At y (B, D) with g = G(y), whose rows are the samples `samples` of the map (empty: all of them in order). Null where
// the map carries no packed cell for the dtype and device of y.
std::shared_ptr<const PackedVjp> packed_vjp(const Map& map, const Tensor& y, const Tensor& g,
                                            std::vector<std::int64_t> samples = {});

}  // namespace fathom::diff
