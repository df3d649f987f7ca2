#include "fathom/measure/summary.h"

#include <algorithm>
#include <cmath>

namespace fathom::measure {

// Welford's recurrence: one pass, no cancellation.  [Welford1962] Technometrics 4(3)
Summary summarize(std::span<const double> values) {
  Summary s;
  double mean = 0, squares = 0, most = -std::numeric_limits<double>::infinity();
  for (const double value : values) {
    if (!std::isfinite(value)) {
      ++s.nonfinite;
      continue;
    }
    const double off = value - mean;
    mean += off / static_cast<double>(++s.count);
    squares += off * (value - mean);
    most = std::max(most, value);
  }
  if (s.count == 0) return s;
  s.mean = mean;
  s.std = s.count > 1 ? std::sqrt(squares / static_cast<double>(s.count - 1)) : 0;
  s.max = most;
  return s;
}

}  // namespace fathom::measure
