#include "fathom/kernel/activation.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/activation.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/activation-inl.h"
#include "fathom/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

// body(d, i, count) for whole vectors, then for the rest of `count` < lanes numbers.
template <class T, class Body>
HWY_INLINE void for_vectors(std::int64_t n, const Body& body) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    body(
        d, [=](const T* x) HWY_ATTR { return hn::LoadU(d, x + i); },
        [=](hn::Vec<decltype(d)> y, T* to) HWY_ATTR { hn::StoreU(y, d, to + i); });
  }
  if (i == n) return;
  body(
      d, [=](const T* x) HWY_ATTR { return load_first(d, x + i, n - i); },
      [=](hn::Vec<decltype(d)> y, T* to) HWY_ATTR { store_first(y, d, to + i, n - i); });
}

template <class T>
void activate_all(Activation act, std::int64_t n, const T* x, T* y) {
  with_activation(act, [=](auto a) HWY_ATTR {
    for_vectors<T>(n, [=](auto d, const auto& load, const auto& store) HWY_ATTR { store(a.value(d, load(x)), y); });
  });
}

template <class T>
void pull_all(Activation act, std::int64_t n, const T* u, const T* xy, T* w) {
  with_activation(act, [=](auto a) HWY_ATTR {
    for_vectors<T>(n, [=](auto d, const auto& load, const auto& store) HWY_ATTR {
      const auto argument = load(xy);
      store(a.pull(d, load(u), argument, argument), w);
    });
  });
}

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
