#include "fathom/domain/llm/depth_sampler.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::llm {

namespace {

// How many uniform factors keep their product above exp(-rate).
std::int64_t poisson_below(double rate, base::Random& random) {
  const double floor = std::exp(-rate);
  std::int64_t count = 0;
  for (double product = 1 - random.uniform(); product > floor; product *= 1 - random.uniform()) ++count;
  return count;
}

// The sum of independent Poisson numbers is one; in parts, exp(-rate) stays far from underflow.
std::int64_t poisson(double rate, base::Random& random) {
  constexpr double kPart = 64;
  std::int64_t count = 0;
  for (; rate > kPart; rate -= kPart) count += poisson_below(kPart, random);
  return count + poisson_below(rate, random);
}

}  // namespace

Depth sample_depth(std::int64_t mean, std::int64_t backprop_depth, std::uint64_t seed, std::uint64_t step) {
  base::require(mean >= 1, "llm::sample_depth", "mean", mean, ">= 1", "a loop runs at least once");
  base::require(backprop_depth >= 1, "llm::sample_depth", "backprop_depth", backprop_depth, ">= 1",
                "a step without a gradient learns nothing");
  base::Random random(base::stream_seed(seed, "depth", step));
  const double location = std::log(static_cast<double>(mean)) - kDepthSigma * kDepthSigma / 2;
  const std::int64_t depth = poisson(std::exp(location + kDepthSigma * random.normal()), random) + 1;
  return {.without_gradient = std::max<std::int64_t>(depth - backprop_depth, 0),
          .with_gradient = std::min(depth, backprop_depth)};
}

}  // namespace fathom::llm
