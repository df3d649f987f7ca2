#include "fathom/measure/lipschitz.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>

#include "fathom/base/error.h"
#include "fathom/solve/krylov_basis.h"

namespace fathom::measure {

std::vector<double> distance(const State& a, const State& b) {
  if (a.batch() != b.batch() || !a.same_layout(b)) {
    base::fail("measure::distance", "the states differ in batch ({} and {}) or in the shape of a sample; give pairs",
               a.batch(), b.batch());
  }
  std::vector<double> total(a.batch(), 0);
  for (std::size_t i = 0; i < a.parts().size(); ++i) {
    const std::vector<double> part = solve::row_norms(b[i].detach().to(at::kDouble) - a[i].detach().to(at::kDouble));
    for (std::size_t row = 0; row < part.size(); ++row) total[row] = std::hypot(total[row], part[row]);
  }
  return total;
}

std::vector<double> lipschitz(const std::vector<double>& dy, const std::vector<double>& dx) {
  if (dy.size() != dx.size()) {
    base::fail("measure::lipschitz", "{} changes of y do not pair with {} of x", dy.size(), dx.size());
  }
  std::vector<double> ratio(dy.size());
  for (std::size_t k = 0; k < dy.size(); ++k) {
    ratio[k] = dx[k] > 0 ? dy[k] / dx[k] : std::numeric_limits<double>::quiet_NaN();
  }
  return ratio;
}

}  // namespace fathom::measure
