// Time for the programs of this folder.
#pragma once

#include <algorithm>
#include <ctime>
#include <vector>

namespace fathom::bench {

// Processor time, so that other work on the machine does not count; with one thread it is the time of the clock.
inline double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Seconds of one call, the mean of `times`.
template <class Work>
double seconds_of(const Work& work, int times = 1) {
  const double start = processor_seconds();
  for (int i = 0; i < times; ++i) static_cast<void>(work());
  return (processor_seconds() - start) / times;
}

// The median of calls until `budget` seconds are spent, three at least. The first call warms up and is not counted,
// unless it alone spends the budget; then it is the answer.
template <class Work>
double median_seconds(const Work& work, double budget = 0.5) {
  if (const double first = seconds_of(work); first >= budget) return first;
  std::vector<double> seconds;
  for (double spent = 0; seconds.size() < 3 || spent < budget; spent += seconds.back()) {
    seconds.push_back(seconds_of(work));
  }
  return median(seconds);
}

}  // namespace fathom::bench
