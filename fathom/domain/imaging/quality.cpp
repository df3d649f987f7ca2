#include "fathom/domain/imaging/quality.h"

#include <cmath>

#include "fathom/measure/metrics.h"

namespace fathom::imaging {

std::vector<double> psnr(const Tensor& answer, const Tensor& target) {
  std::vector<double> values = measure::mse(answer, target);
  for (double& value : values) value = -10 * std::log10(value + 1e-8);
  return values;
}

}  // namespace fathom::imaging
