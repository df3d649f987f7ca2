#include "fathom/kernel/activation.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/activation.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

// Highway's dispatch tables take plain functions.
void activate_float(Activation act, std::int64_t n, const float* x, float* y) { activate_all(act, n, x, y); }
void activate_double(Activation act, std::int64_t n, const double* x, double* y) { activate_all(act, n, x, y); }
void pull_float(Activation act, std::int64_t n, const float* u, const float* xy, float* w) {
  pull_all(act, n, u, xy, w);
}
void pull_double(Activation act, std::int64_t n, const double* u, const double* xy, double* w) {
  pull_all(act, n, u, xy, w);
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(activate_float);
HWY_EXPORT(activate_double);
HWY_EXPORT(pull_float);
HWY_EXPORT(pull_double);

// What one thread takes at a time; starting threads costs some microseconds, so less than two of these stay on one.
constexpr std::int64_t kChunk = 1 << 15;

template <class Body>
void for_chunks(std::int64_t n, const Body& body) {
  if (n < 2 * kChunk) return body(0, n);
#pragma omp parallel for schedule(static)
  for (std::int64_t first = 0; first < n; first += kChunk) body(first, std::min(kChunk, n - first));
}

}  // namespace

template <class T>
void activate(Activation act, std::span<const T> x, T* y) {
  for_chunks(static_cast<std::int64_t>(x.size()), [&](std::int64_t first, std::int64_t count) {
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(activate_float)(act, count, x.data() + first, y + first);
    } else {
      HWY_DYNAMIC_DISPATCH(activate_double)(act, count, x.data() + first, y + first);
    }
  });
}

template <class T>
void activation_vjp(Activation act, std::span<const T> u, const T* xy, T* w) {
  for_chunks(static_cast<std::int64_t>(u.size()), [&](std::int64_t first, std::int64_t count) {
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(pull_float)(act, count, u.data() + first, xy + first, w + first);
    } else {
      HWY_DYNAMIC_DISPATCH(pull_double)(act, count, u.data() + first, xy + first, w + first);
    }
  });
}

template void activate(Activation, std::span<const float>, float*);
template void activate(Activation, std::span<const double>, double*);
template void activation_vjp(Activation, std::span<const float>, const float*, float*);
template void activation_vjp(Activation, std::span<const double>, const double*, double*);

}  // namespace fathom::kernel
#endif  // HWY_ONCE
