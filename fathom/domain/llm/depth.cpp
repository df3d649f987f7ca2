#include "fathom/domain/llm/depth.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/seed.h"

namespace fathom::llm {

namespace {

// By the product of uniforms, in pieces of rate 16 so that e^-rate stays a number (sums of Poisson numbers are
// Poisson).
std::int64_t poisson(double rate, base::Random& random) {
  std::int64_t count = 0;
  for (; rate > 0; rate -= 16) {
    const double floor = std::exp(-std::min(rate, 16.0));
    for (double product = random.uniform(); product > floor; product *= random.uniform()) ++count;
  }
  return count;
}

}  // namespace

Depth sample_depth(const ModelConfig& config, std::uint64_t seed, std::uint64_t step) {
  constexpr double kSigma = 0.5;
  const std::int64_t s = std::min(config.backprop_depth, config.recurrences);
  base::Random random(base::stream_seed(seed, "depth", step));
  const double mean = std::log(static_cast<double>(config.recurrences)) - kSigma * kSigma / 2;
  const std::int64_t p = poisson(std::exp(mean + kSigma * random.normal()), random) + 1;
  return {std::max<std::int64_t>(p - s, 0), std::min(s, p)};
}

Depth evaluation_depth(const ModelConfig& config) { return {config.recurrences, 0}; }

}  // namespace fathom::llm
