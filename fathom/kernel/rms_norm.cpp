#include "fathom/kernel/rms_norm.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/rms_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

// y = x + r (or x) and the sum of its squares.
float sum_of_squares(std::int64_t width, const float* x, const float* r, float* y) {
  const hn::ScalableTag<float> d;
  const std::int64_t lanes = lanes_of(d);
  auto sum = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    auto s = hn::LoadU(d, x + i);
    if (r != nullptr) s = hn::Add(s, hn::LoadU(d, r + i));
    hn::StoreU(s, d, y + i);
    sum = hn::MulAdd(s, s, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < width; ++i) {
    y[i] = r == nullptr ? x[i] : x[i] + r[i];
    total += y[i] * y[i];
  }
  return total;
}

void norm_row(std::int64_t width, const float* x, const float* r, const float* weight, float eps, float* y) {
  const float mean = sum_of_squares(width, x, r, y) / static_cast<float>(width);
  const float scale = 1 / std::sqrt(mean + eps);
  for_lanes<float>(0, width, [&](auto d, std::int64_t i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, y + i), hn::Set(d, scale)), hn::LoadU(d, weight + i)), d, y + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {
HWY_EXPORT(norm_row);
}  // namespace

void rms_norm(std::int64_t rows, std::int64_t width, const float* x, const float* r, const float* weight, float eps,
              float* y) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t at = i * width;
    HWY_DYNAMIC_DISPATCH(norm_row)(width, x + at, r == nullptr ? nullptr : r + at, weight, eps, y + at);
  }
}

}  // namespace fathom::kernel
#endif  // HWY_ONCE
