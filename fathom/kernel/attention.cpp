#include "fathom/kernel/attention.h"

#include <algorithm>
#include <cmath>

#include <omp.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/attention.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/activation-inl.h"
#include "fathom/kernel/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

HWY_INLINE float dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const std::int64_t lanes = lanes_of(d);
  auto sum = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) sum = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum);
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) total += a[i] * b[i];
  return total;
}

// scores -> exp(scores - the largest); returns their sum.
HWY_INLINE float exponentials(float* scores, std::int64_t n) {
  const float largest = *std::max_element(scores, scores + n);
  for_lanes<float>(0, n, [&](auto d, std::int64_t j) HWY_ATTR {
    hn::StoreU(exp_below(d, hn::Sub(hn::LoadU(d, scores + j), hn::Set(d, largest))), d, scores + j);
  });
  float sum = 0;
  for (std::int64_t j = 0; j < n; ++j) sum += scores[j];
  return sum;
}

// Heads first .. last-1; scores has n numbers a head.
void attend_heads(const KeyValueRows& rows, std::int64_t first, std::int64_t last, const float* q, float* scores,
                  float* out) {
  const auto n = static_cast<std::int64_t>(rows.index.size());
  const std::int64_t dim = rows.head_dim, width = rows.heads * dim;
  const float scale = 1 / std::sqrt(static_cast<float>(dim));
  for (std::int64_t j = 0; j < n; ++j) {
    const float* key = rows.keys + rows.index[j] * width;
    for (std::int64_t h = first; h < last; ++h) scores[h * n + j] = scale * dot(q + h * dim, key + h * dim, dim);
  }
  for (std::int64_t h = first; h < last; ++h) {
    const float factor = 1 / exponentials(scores + h * n, n);
    for (std::int64_t j = 0; j < n; ++j) scores[h * n + j] *= factor;
  }
  std::fill(out + first * dim, out + last * dim, 0.0f);
  for (std::int64_t j = 0; j < n; ++j) {
    const float* value = rows.values + rows.index[j] * width;
    for (std::int64_t h = first; h < last; ++h) {
      const float p = scores[h * n + j];
      for_lanes<float>(h * dim, (h + 1) * dim, [&](auto d, std::int64_t i) HWY_ATTR {
        hn::StoreU(hn::MulAdd(hn::Set(d, p), hn::LoadU(d, value + i), hn::LoadU(d, out + i)), d, out + i);
      });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(attend_heads);

constexpr std::int64_t kWorthThreads = 1 << 18;  // numbers of keys and values

}  // namespace

void attend(const KeyValueRows& rows, const float* q, float* scores, float* out) {
  const auto n = static_cast<std::int64_t>(rows.index.size());
  const bool alone = omp_in_parallel() || 2 * n * rows.heads * rows.head_dim < kWorthThreads;
  const std::int64_t parts = alone ? 1 : std::min<std::int64_t>(omp_get_max_threads(), rows.heads);
  if (parts == 1) return HWY_DYNAMIC_DISPATCH(attend_heads)(rows, 0, rows.heads, q, scores, out);
#pragma omp parallel for schedule(static)
  for (std::int64_t part = 0; part < parts; ++part) {
    HWY_DYNAMIC_DISPATCH(attend_heads)
    (rows, part * rows.heads / parts, (part + 1) * rows.heads / parts, q, scores, out);
  }
}

}  // namespace fathom::kernel
#endif  // HWY_ONCE
