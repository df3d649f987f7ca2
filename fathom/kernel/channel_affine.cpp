#include "fathom/kernel/channel_affine.h"

#include <algorithm>

#include "fathom/kernel/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/channel_affine.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/activation-inl.h"
#include "fathom/kernel/tile-inl.h"

#ifndef FATHOM_KERNEL_CHANNEL_AFFINE_PANEL
#define FATHOM_KERNEL_CHANNEL_AFFINE_PANEL
namespace fathom::kernel {
namespace {

template <class T>
constexpr std::int64_t kPixels = 3 * 64 / sizeof(T);  // pixels that are worked on at a time

struct PanelTag;

// Pixels of all channels side by side, then a row of ones for the bias, then the packed matrix's own bias: zeros.
template <class T>
PackedView<T> pixel_panel(std::int64_t channels) {
  const std::int64_t stride = kPixels<T>;
  const PackedView<T> panel{scratch<T, PanelTag>((channels + 2) * stride), channels + 1, stride, stride};
  std::fill_n(panel.data + channels * stride, stride, T{1});
  std::fill_n(panel.bias(), stride, T{0});
  return panel;
}

}  // namespace
}  // namespace fathom::kernel
#endif  // FATHOM_KERNEL_CHANNEL_AFFINE_PANEL

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

// x + first + second of one channel a row.
template <class T>
struct StoreChannel {
  const T* first;
  const T* second;
  T* out;
  std::int64_t stride, width;

  HWY_INLINE void operator()(hn::Vec<Tag<T>> x, std::int64_t row, std::int64_t column) const {
    const Tag<T> d;
    const std::int64_t at = row * stride + column, count = std::min(lanes<T>(), width - column);
    if (first != nullptr) x = hn::Add(x, load_first(d, first + at, count));
    if (second != nullptr) x = hn::Add(x, load_first(d, second + at, count));
    store_first(x, d, out + at, count);
  }
};

// The activation of a panel, which is still in the first-level cache.
template <class A, class T>
void activate_pixels(std::int64_t channels, std::int64_t pixels, std::int64_t width, T* out) {
  const Tag<T> d;
  for (std::int64_t o = 0; o < channels; ++o) {
    for (std::int64_t p = 0; p < width; p += lanes<T>()) {
      T* at = out + o * pixels + p;
      const std::int64_t count = std::min(lanes<T>(), width - p);
      store_first(A::value(d, load_first(d, at, count)), d, at, count);
    }
  }
}

template <class T>
void load_pixels(const T* x, std::int64_t channels, std::int64_t pixels, std::int64_t width, T* panel) {
  const Tag<T> d;
  for (std::int64_t i = 0; i < channels; ++i) {
    for (std::int64_t p = 0; p < width; p += lanes<T>()) {
      hn::Store(load_first(d, x + i * pixels + p, std::min(lanes<T>(), width - p)), d, panel + i * kPixels<T> + p);
    }
  }
}

template <class T>
void affine_pixels(const ChannelAffine<T>& m, std::int64_t pixels, const T* x, const T* first, const T* second,
                   T* out) {
  PackedView<T> panel = pixel_panel<T>(m.in);
  const Operand<T> weight{m.weight, m.in, m.in};
  const T no_bias{0};
  const Operand<T> bias = m.bias == nullptr ? Operand<T>{&no_bias, 1, 0} : Operand<T>{m.bias, 1, 1};
  for (std::int64_t p = 0; p < pixels; p += kPixels<T>) {
    panel.width = std::min(kPixels<T>, pixels - p);
    load_pixels(x + p, m.in, pixels, panel.width, panel.data);
    const auto at = [p](const T* field) { return field == nullptr ? nullptr : field + p; };
    multiply_tile(weight, bias, m.out, panel, StoreChannel<T>{at(first), at(second), out + p, pixels, panel.width});
    if (m.act == Activation::identity) continue;
    with_activation(m.act,
                    [&](auto act) HWY_ATTR { activate_pixels<decltype(act)>(m.out, pixels, panel.width, out + p); });
  }
}

#define FATHOM_CHANNEL_AFFINE(T)                                                                               \
  void affine_##T(const ChannelAffine<T>& m, std::int64_t pixels, const T* x, const T* first, const T* second, \
                  T* out) {                                                                                    \
    affine_pixels(m, pixels, x, first, second, out);                                                           \
  }
FATHOM_CHANNEL_AFFINE(float)
FATHOM_CHANNEL_AFFINE(double)
#undef FATHOM_CHANNEL_AFFINE

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(affine_float);
HWY_EXPORT(affine_double);

}  // namespace

template <>
void channel_affine(const ChannelAffine<float>& m, std::int64_t pixels, const float* x, const float* first,
                    const float* second, float* out) {
  HWY_DYNAMIC_DISPATCH(affine_float)(m, pixels, x, first, second, out);
}

template <>
void channel_affine(const ChannelAffine<double>& m, std::int64_t pixels, const double* x, const double* first,
                    const double* second, double* out) {
  HWY_DYNAMIC_DISPATCH(affine_double)(m, pixels, x, first, second, out);
}

}  // namespace fathom::kernel
#endif  // HWY_ONCE
