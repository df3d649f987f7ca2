#include "fathom/domain/pde/model_options.h"

namespace fathom::pde {

std::int64_t parameter_count(const ModelOptions& o) {
  const std::int64_t w = o.width, layers = 1 + 3 * o.depth;  // the decoder's first half is a layer of the same size
  const std::int64_t spectral = 4 * w * w * o.modes * o.modes, pointwise = 3 * (w * w + w);
  const std::int64_t lift = (o.inputs() + 1) * w, read_out = 4 * w * w + 8 * w + 1;
  return lift + layers * (spectral + pointwise) + read_out;
}

}  // namespace fathom::pde
