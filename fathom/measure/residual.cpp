#include "fathom/measure/residual.h"

#include <ATen/core/grad_mode.h>

#include "fathom/measure/lipschitz.h"
#include "fathom/solve/krylov_basis.h"

namespace fathom::measure {

Residual residual(const Map& map, const State& y, const Rows& rows) {
  const at::NoGradGuard no_grad;
  const State g = map(y, rows);
  Residual out;
  out.absolute = out.relative = distance(y, g);
  const std::vector<double> size = solve::row_norms(g.flat());
  for (std::size_t row = 0; row < size.size(); ++row) {
    if (out.absolute[row] != 0) out.relative[row] /= size[row];
  }
  return out;
}

}  // namespace fathom::measure
