// Many numbers in four.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace fathom::measure {

// Over the finite values alone; the others are left out and counted, so that a row that was lost is seen to be lost.
struct Summary {
  double mean = std::numeric_limits<double>::quiet_NaN();  // NaN without a finite value
  double std = std::numeric_limits<double>::quiet_NaN();   // unbiased, sum (v - mean)^2 / (count - 1); 0 for one value
  double max = std::numeric_limits<double>::quiet_NaN();
  std::int64_t count = 0;      // finite values
  std::int64_t nonfinite = 0;  // the others
};

Summary summarize(std::span<const double> values);

}  // namespace fathom::measure
