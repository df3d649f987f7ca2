#include "bench/fma_rate.h"

#include <algorithm>
#include <cstdint>

#include "bench/clock.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/fma_rate.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fathom::bench {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// x = a x + b in eight chains, enough to fill two units of latency four; returns the operations done.
double run_chains(std::int64_t steps, float a, float b, float* out) {
  const hn::ScalableTag<float> d;
  const auto scale = hn::Set(d, a), shift = hn::Set(d, b);
  // Different starts: chains that are alike would be made one.
  const auto start = [=](int chain) HWY_ATTR { return hn::Set(d, b + static_cast<float>(chain)); };
  auto x0 = start(0), x1 = start(1), x2 = start(2), x3 = start(3), x4 = start(4), x5 = start(5), x6 = start(6);
  auto x7 = start(7);
  for (std::int64_t i = 0; i < steps; ++i) {
    x0 = hn::MulAdd(scale, x0, shift);
    x1 = hn::MulAdd(scale, x1, shift);
    x2 = hn::MulAdd(scale, x2, shift);
    x3 = hn::MulAdd(scale, x3, shift);
    x4 = hn::MulAdd(scale, x4, shift);
    x5 = hn::MulAdd(scale, x5, shift);
    x6 = hn::MulAdd(scale, x6, shift);
    x7 = hn::MulAdd(scale, x7, shift);
  }
  const auto sum = hn::Add(hn::Add(hn::Add(x0, x1), hn::Add(x2, x3)), hn::Add(hn::Add(x4, x5), hn::Add(x6, x7)));
  *out = hn::GetLane(hn::SumOfLanes(d, sum));
  return 16.0 * static_cast<double>(hn::Lanes(d)) * static_cast<double>(steps);
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::bench {

HWY_EXPORT(run_chains);

double fma_rate() {
  constexpr std::int64_t kSteps = 1 << 21;
  double best = 0;
  float out = 0;
  for (int turn = 0; turn < 9; ++turn) {
    const double start = processor_seconds();
    const double operations = HWY_DYNAMIC_DISPATCH(run_chains)(kSteps, .5F, out == 0 ? 1.F : 2.F, &out);
    best = std::max(best, operations / (processor_seconds() - start));
  }
  return best;
}

}  // namespace fathom::bench
#endif  // HWY_ONCE
