#include "fathom/kernel/spectral_rows.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/spectral_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/tile-inl.h"

#ifndef FATHOM_KERNEL_SPECTRAL_LAYOUT
#define FATHOM_KERNEL_SPECTRAL_LAYOUT
namespace fathom::kernel {
namespace {

template <class T>
constexpr std::int64_t kPanel = 3 * 64 / sizeof(T);  // columns of a field that are worked on at a time

// What a transform works in. A packed matrix ends with a row of zeros, its bias.
template <class T>
struct Workspace {
  PackedView<T> even, odd;            // folded rows of a panel
  PackedView<T> even_rows, odd_rows;  // C_a, a = 0 .. modes_y, and S_a, a = 1 .. modes_y: rows of a whole field
  T* spectrum;                        // their modes: (2 modes_y + 1, 2 lanes)

  static std::int64_t size(const SpectralTables<T>& t) {
    const std::int64_t rows = padded<T>(t.width);
    return (t.even + t.odd + 2) * kPanel<T> + (2 * t.modes_y + 3) * rows + (2 * t.modes_y + 1) * 2 * t.lanes;
  }
  Workspace(const SpectralTables<T>& t, T* at) {
    const auto take = [&at](std::int64_t depth, std::int64_t width, std::int64_t stride) {
      const PackedView<T> view{at, depth, width, stride};
      std::fill_n(view.bias(), stride, T{0});
      at += (depth + 1) * stride;
      return view;
    };
    even = take(t.even, kPanel<T>, kPanel<T>);
    odd = take(t.odd, kPanel<T>, kPanel<T>);
    even_rows = take(t.modes_y + 1, t.width, padded<T>(t.width));
    odd_rows = take(t.modes_y, t.width, padded<T>(t.width));
    spectrum = at;
  }
};

template <class T>
PackedView<T> panel_of(const PackedView<T>& whole, std::int64_t column, std::int64_t width) {
  return {whole.data + column, whole.depth, width, whole.stride};
}

}  // namespace
}  // namespace fathom::kernel
#endif  // FATHOM_KERNEL_SPECTRAL_LAYOUT

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

// even(y) = x(y) + x(height - y), odd(y) = x(y) - x(height - y), for `width` columns from `column`; the rows 0 and
// height / 2 are their own mirror images.
template <class T>
void fold(const SpectralTables<T>& t, const T* x, std::int64_t column, std::int64_t width, const Workspace<T>& work) {
  const Tag<T> d;
  for (std::int64_t c = 0; c < width; c += lanes<T>()) {
    const std::int64_t count = std::min(lanes<T>(), width - c);
    for (std::int64_t y = 0; y < t.even; ++y) {
      T* even = work.even.data + y * kPanel<T> + c;
      const auto upper = load_first(d, x + y * t.width + column + c, count);
      if (y == 0 || y > t.odd) {
        hn::Store(upper, d, even);
        continue;
      }
      const auto lower = load_first(d, x + (t.height - y) * t.width + column + c, count);
      hn::Store(hn::Add(upper, lower), d, even);
      hn::Store(hn::Sub(upper, lower), d, work.odd.data + (y - 1) * kPanel<T> + c);
    }
  }
}

// X(+a) = (C cos - S sin) - i (C sin + S cos),   X(-a) = (C cos + S sin) + i (S cos - C sin).
template <class T>
void gather_modes(const SpectralTables<T>& t, std::int64_t channels, std::int64_t channel, const T* spectrum,
                  T* modes) {
  const Tag<T> d;
  const std::int64_t row = 2 * t.lanes;
  for (std::int64_t a = 0; a <= t.modes_y; ++a) {
    const T* even = spectrum + a * row;
    const T* odd = spectrum + (t.modes_y + a) * row;
    T* plus = modes + (a * channels + channel) * row;
    T* minus = modes + ((2 * t.modes_y - a) * channels + channel) * row;
    for (std::int64_t l = 0; l < t.lanes; l += lanes<T>()) {
      const auto ec = hn::Load(d, even + l), es = hn::Load(d, even + t.lanes + l);
      const auto oc = a > 0 ? hn::Load(d, odd + l) : hn::Zero(d);
      const auto os = a > 0 ? hn::Load(d, odd + t.lanes + l) : hn::Zero(d);
      if (a < t.modes_y) {
        hn::Store(hn::Sub(ec, os), d, plus + l);
        hn::Store(hn::Neg(hn::Add(es, oc)), d, plus + t.lanes + l);
      }
      if (a > 0) {
        hn::Store(hn::Add(ec, os), d, minus + l);
        hn::Store(hn::Sub(oc, es), d, minus + t.lanes + l);
      }
    }
  }
}

// The transpose of gather_modes.
template <class T>
void scatter_modes(const SpectralTables<T>& t, std::int64_t channels, std::int64_t channel, const T* modes,
                   T* spectrum) {
  const Tag<T> d;
  const std::int64_t row = 2 * t.lanes;
  for (std::int64_t a = 0; a <= t.modes_y; ++a) {
    const T* plus = modes + (a * channels + channel) * row;
    const T* minus = modes + ((2 * t.modes_y - a) * channels + channel) * row;
    for (std::int64_t l = 0; l < t.lanes; l += lanes<T>()) {
      const bool above = a<t.modes_y, below = a> 0;
      const auto pr = above ? hn::Load(d, plus + l) : hn::Zero(d);
      const auto pi = above ? hn::Load(d, plus + t.lanes + l) : hn::Zero(d);
      const auto mr = below ? hn::Load(d, minus + l) : hn::Zero(d);
      const auto mi = below ? hn::Load(d, minus + t.lanes + l) : hn::Zero(d);
      T* even = spectrum + a * row;
      hn::Store(hn::Add(pr, mr), d, even + l);
      hn::Store(hn::Neg(hn::Add(pi, mi)), d, even + t.lanes + l);
      if (!below) continue;
      T* odd = spectrum + (t.modes_y + a) * row;
      hn::Store(hn::Sub(mi, pi), d, odd + l);
      hn::Store(hn::Sub(mr, pr), d, odd + t.lanes + l);
    }
  }
}

template <class T>
void analyse(const SpectralTables<T>& t, std::int64_t channels, const T* x, T* scratch, T* modes) {
  const Workspace<T> work(t, scratch);
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const T* field = x + channel * t.height * t.width;
    for (std::int64_t column = 0; column < t.width; column += kPanel<T>) {
      const std::int64_t width = std::min(kPanel<T>, t.width - column);
      fold(t, field, column, width, work);
      multiply_tile(Operand<T>{t.cos_y, t.even, t.even}, {}, t.modes_y + 1, panel_of(work.even, 0, width),
                    StorePadded<T>{work.even_rows.data + column, work.even_rows.stride});
      multiply_tile(Operand<T>{t.sin_y, t.odd, t.odd}, {}, t.modes_y, panel_of(work.odd, 0, width),
                    StorePadded<T>{work.odd_rows.data + column, work.odd_rows.stride});
    }
    const std::int64_t stride = work.even_rows.stride, row = 2 * t.lanes;
    multiply_tile(Operand<T>{work.even_rows.data, t.width, stride}, {}, t.modes_y + 1, t.to_modes,
                  StorePadded<T>{work.spectrum, row});
    multiply_tile(Operand<T>{work.odd_rows.data, t.width, stride}, {}, t.modes_y, t.to_modes,
                  StorePadded<T>{work.spectrum + (t.modes_y + 1) * row, row});
    gather_modes(t, channels, channel, work.spectrum, modes);
  }
}

// The rows y and height - y of a field: even + odd and even - odd, for y = 1 + row.
template <class T>
struct StoreUnfolded {
  const T* even;
  T* out;
  std::int64_t height, stride, width;
  HWY_INLINE void operator()(hn::Vec<Tag<T>> odd, std::int64_t row, std::int64_t column) const {
    const Tag<T> d;
    const std::int64_t y = row + 1, count = width - column;
    const auto mean = hn::Load(d, even + y * kPanel<T> + column);
    store_first(hn::Add(mean, odd), d, out + y * stride + column, count);
    store_first(hn::Sub(mean, odd), d, out + (height - y) * stride + column, count);
  }
};

// The rows that are their own mirror images.
template <class T>
void copy_middle(const SpectralTables<T>& t, const T* even, std::int64_t width, T* out) {
  std::copy_n(even, width, out);
  if (t.even > t.odd + 1) std::copy_n(even + (t.even - 1) * kPanel<T>, width, out + (t.even - 1) * t.width);
}

template <class T>
void synthesise(const SpectralTables<T>& t, std::int64_t channels, const T* modes, T* scratch, T* y) {
  const Workspace<T> work(t, scratch);
  const std::int64_t stride = work.even_rows.stride, row = 2 * t.lanes;
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    T* field = y + channel * t.height * t.width;
    scatter_modes(t, channels, channel, modes, work.spectrum);
    const auto to_rows = [&](const T* from, std::int64_t rows, T* to) HWY_ATTR {
      multiply_tile(Operand<T>{from, t.modes_x, row}, Operand<T>{from + t.lanes, t.modes_x, row}, rows, t.from_modes,
                    StorePadded<T>{to, stride});
    };
    to_rows(work.spectrum, t.modes_y + 1, work.even_rows.data);
    to_rows(work.spectrum + (t.modes_y + 1) * row, t.modes_y, work.odd_rows.data);
    for (std::int64_t column = 0; column < t.width; column += kPanel<T>) {
      const std::int64_t width = std::min(kPanel<T>, t.width - column);
      multiply_tile(Operand<T>{t.y_cos, t.modes_y + 1, t.modes_y + 1}, {}, t.even,
                    panel_of(work.even_rows, column, width), StorePadded<T>{work.even.data, kPanel<T>});
      multiply_tile(Operand<T>{t.y_sin, t.modes_y, t.modes_y}, {}, t.odd, panel_of(work.odd_rows, column, width),
                    StoreUnfolded<T>{work.even.data, field + column, t.height, t.width, width});
      copy_middle(t, work.even.data, width, field + column);
    }
  }
}

template <class T>
void pack(std::int64_t count, std::int64_t stride, const T* from, const T* scale, T* to) {
  const Tag<T> d;
  const std::int64_t step = lanes<T>();
  for (std::int64_t l = 0; l < stride; l += step) {
    const std::int64_t numbers = 2 * std::clamp<std::int64_t>(count - l, 0, step);
    const auto low = load_first(d, from + 2 * l, std::min(numbers, step));
    const auto high = numbers > step ? load_first(d, from + 2 * l + step, numbers - step) : hn::Zero(d);
    const auto factor = hn::Load(d, scale + l);
#if HWY_TARGET == HWY_SCALAR
    const auto re = low, im = high;
#else
    const auto re = hn::ConcatEven(d, high, low), im = hn::ConcatOdd(d, high, low);
#endif
    hn::Store(hn::Mul(re, factor), d, to + l);
    hn::Store(hn::Mul(im, factor), d, to + stride + l);
  }
}

// (re, im) += x w, or x conj(w).
template <bool kAdjoint, class V>
HWY_INLINE void add_complex(V xr, V xi, V wr, V wi, V& re, V& im) {
  re = hn::MulAdd(xr, wr, re);
  im = hn::MulAdd(xi, wr, im);
  if constexpr (kAdjoint) {
    re = hn::MulAdd(xi, wi, re);
    im = hn::NegMulAdd(xr, wi, im);
  } else {
    re = hn::NegMulAdd(xi, wi, re);
    im = hn::MulAdd(xr, wi, im);
  }
}

// kTo channels of kSamples samples at one vector of modes. Each number is summed in the order of p, whatever the block.
template <int kSamples, int kTo, bool kAdjoint, class T>
HWY_INLINE void mix_block(const SpectralMix<T>& m, const T* HWY_RESTRICT from, std::int64_t from_size,
                          const T* HWY_RESTRICT w, T* HWY_RESTRICT to, std::int64_t to_size) {
  const Tag<T> d;
  hn::Vec<Tag<T>> re[kSamples][kTo], im[kSamples][kTo];
#pragma GCC unroll 4
  for (int s = 0; s < kSamples; ++s) {
#pragma GCC unroll 4
    for (int q = 0; q < kTo; ++q) re[s][q] = im[s][q] = hn::Zero(d);
  }
  for (std::int64_t p = 0; p < m.from; ++p) {
    hn::Vec<Tag<T>> wr[kTo], wi[kTo];
#pragma GCC unroll 4
    for (int q = 0; q < kTo; ++q) {
      const T* at = w + p * m.from_step + q * m.to_step;
      wr[q] = hn::Load(d, at);
      wi[q] = hn::Load(d, at + m.lanes);
    }
#pragma GCC unroll 4
    for (int s = 0; s < kSamples; ++s) {
      const T* x = from + s * from_size + p * 2 * m.lanes;
      const auto xr = hn::Load(d, x), xi = hn::Load(d, x + m.lanes);
#pragma GCC unroll 4
      for (int q = 0; q < kTo; ++q) add_complex<kAdjoint>(xr, xi, wr[q], wi[q], re[s][q], im[s][q]);
    }
  }
#pragma GCC unroll 4
  for (int s = 0; s < kSamples; ++s) {
#pragma GCC unroll 4
    for (int q = 0; q < kTo; ++q) {
      T* at = to + s * to_size + q * 2 * m.lanes;
      hn::Store(re[s][q], d, at);
      hn::Store(im[s][q], d, at + m.lanes);
    }
  }
}

template <int kSamples, bool kAdjoint, class T>
void mix_samples(const SpectralMix<T>& m, const T* from, T* to) {
  const std::int64_t from_row = m.from * 2 * m.lanes, to_row = m.to * 2 * m.lanes;
  const std::int64_t from_size = m.rows * from_row, to_size = m.rows * to_row;
  for (std::int64_t r = 0; r < m.rows; ++r) {
    const T* w = m.weights + r * m.row;
    for (std::int64_t l = 0; l < m.lanes; l += lanes<T>()) {
      const T* x = from + r * from_row + l;
      T* y = to + r * to_row + l;
      std::int64_t q = 0;
      for (; q + 2 <= m.to; q += 2) {
        mix_block<kSamples, 2, kAdjoint>(m, x, from_size, w + q * m.to_step + l, y + q * 2 * m.lanes, to_size);
      }
      for (; q < m.to; ++q) {
        mix_block<kSamples, 1, kAdjoint>(m, x, from_size, w + q * m.to_step + l, y + q * 2 * m.lanes, to_size);
      }
    }
  }
}

template <bool kAdjoint, class T>
void mix_all(const SpectralMix<T>& m, std::int64_t samples, const T* from, T* to) {
  const std::int64_t from_size = m.rows * m.from * 2 * m.lanes, to_size = m.rows * m.to * 2 * m.lanes;
  std::int64_t s = 0;
  for (; s + 4 <= samples; s += 4) mix_samples<4, kAdjoint>(m, from + s * from_size, to + s * to_size);
  for (; s < samples; ++s) mix_samples<1, kAdjoint>(m, from + s * from_size, to + s * to_size);
}

template <class T>
void mix(const SpectralMix<T>& m, std::int64_t samples, const T* from, T* to) {
  m.adjoint ? mix_all<true>(m, samples, from, to) : mix_all<false>(m, samples, from, to);
}

// kFrom x kTo channel pairs at one vector of modes.
template <int kFrom, int kTo, class T>
HWY_INLINE void outer_pairs(const SpectralMix<T>& m, std::int64_t samples, const T* from, std::int64_t from_size,
                            const T* to, std::int64_t to_size, T* sum) {
  const Tag<T> d;
  hn::Vec<Tag<T>> re[kFrom][kTo], im[kFrom][kTo];
#pragma GCC unroll 4
  for (int p = 0; p < kFrom; ++p) {
#pragma GCC unroll 4
    for (int q = 0; q < kTo; ++q) re[p][q] = im[p][q] = hn::Zero(d);
  }
  const std::int64_t pair = 2 * m.lanes;
  for (std::int64_t n = 0; n < samples; ++n) {
    const T* g = to + n * to_size;
    hn::Vec<Tag<T>> gr[kTo], gi[kTo];
#pragma GCC unroll 4
    for (int q = 0; q < kTo; ++q) {
      gr[q] = hn::Load(d, g + q * pair);
      gi[q] = hn::Load(d, g + q * pair + m.lanes);
    }
#pragma GCC unroll 4
    for (int p = 0; p < kFrom; ++p) {
      const T* x = from + n * from_size + p * pair;
      const auto xr = hn::Load(d, x), xi = hn::Load(d, x + m.lanes);
#pragma GCC unroll 4
      for (int q = 0; q < kTo; ++q) add_complex<true>(gr[q], gi[q], xr, xi, re[p][q], im[p][q]);
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < kFrom; ++p) {
#pragma GCC unroll 4
    for (int q = 0; q < kTo; ++q) {
      T* at = sum + (p * m.to + q) * pair;
      hn::Store(re[p][q], d, at);
      hn::Store(im[p][q], d, at + m.lanes);
    }
  }
}

template <int kFrom, class T>
void outer_from(const SpectralMix<T>& m, std::int64_t samples, const T* from, std::int64_t from_size, const T* to,
                std::int64_t to_size, T* sum) {
  const std::int64_t pair = 2 * m.lanes;
  std::int64_t q = 0;
  for (; q + 2 <= m.to; q += 2) {
    outer_pairs<kFrom, 2>(m, samples, from, from_size, to + q * pair, to_size, sum + q * pair);
  }
  for (; q < m.to; ++q) outer_pairs<kFrom, 1>(m, samples, from, from_size, to + q * pair, to_size, sum + q * pair);
}

template <class T>
void outer(const SpectralMix<T>& m, std::int64_t r, std::int64_t samples, const T* from, const T* to, T* sum) {
  const std::int64_t pair = 2 * m.lanes, from_size = m.rows * m.from * pair, to_size = m.rows * m.to * pair;
  for (std::int64_t l = 0; l < m.lanes; l += lanes<T>()) {
    const T* x = from + r * m.from * pair + l;
    const T* g = to + r * m.to * pair + l;
    std::int64_t p = 0;
    for (; p + 2 <= m.from; p += 2) {
      outer_from<2>(m, samples, x + p * pair, from_size, g, to_size, sum + p * m.to * pair + l);
    }
    for (; p < m.from; ++p) {
      outer_from<1>(m, samples, x + p * pair, from_size, g, to_size, sum + p * m.to * pair + l);
    }
  }
}

// Highway's dispatch tables take plain functions.
#define FATHOM_SPECTRAL_ROWS(T)                                                                                       \
  void analyse_##T(const SpectralTables<T>& t, std::int64_t channels, const T* x, T* scratch, T* modes) {             \
    analyse(t, channels, x, scratch, modes);                                                                          \
  }                                                                                                                   \
  void synthesise_##T(const SpectralTables<T>& t, std::int64_t channels, const T* modes, T* scratch, T* y) {          \
    synthesise(t, channels, modes, scratch, y);                                                                       \
  }                                                                                                                   \
  void pack_##T(std::int64_t count, std::int64_t lanes, const T* from, const T* scale, T* to) {                       \
    pack(count, lanes, from, scale, to);                                                                              \
  }                                                                                                                   \
  void mix_##T(const SpectralMix<T>& m, std::int64_t samples, const T* from, T* to) { mix(m, samples, from, to); }    \
  void outer_##T(const SpectralMix<T>& m, std::int64_t r, std::int64_t samples, const T* from, const T* to, T* sum) { \
    outer(m, r, samples, from, to, sum);                                                                              \
  }
FATHOM_SPECTRAL_ROWS(float)
FATHOM_SPECTRAL_ROWS(double)
#undef FATHOM_SPECTRAL_ROWS

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {

template <class T>
std::int64_t spectral_scratch_size(const SpectralTables<T>& tables) {
  return Workspace<T>::size(tables);
}
template std::int64_t spectral_scratch_size(const SpectralTables<float>&);
template std::int64_t spectral_scratch_size(const SpectralTables<double>&);

#define FATHOM_SPECTRAL_DISPATCH(T)                                                                               \
  namespace {                                                                                                     \
  HWY_EXPORT(analyse_##T);                                                                                        \
  HWY_EXPORT(synthesise_##T);                                                                                     \
  HWY_EXPORT(pack_##T);                                                                                           \
  HWY_EXPORT(mix_##T);                                                                                            \
  HWY_EXPORT(outer_##T);                                                                                          \
  }                                                                                                               \
  template <>                                                                                                     \
  void spectral_analyse(const SpectralTables<T>& t, std::int64_t channels, const T* x, T* scratch, T* modes) {    \
    HWY_DYNAMIC_DISPATCH(analyse_##T)(t, channels, x, scratch, modes);                                            \
  }                                                                                                               \
  template <>                                                                                                     \
  void spectral_synthesise(const SpectralTables<T>& t, std::int64_t channels, const T* modes, T* scratch, T* y) { \
    HWY_DYNAMIC_DISPATCH(synthesise_##T)(t, channels, modes, scratch, y);                                         \
  }                                                                                                               \
  template <>                                                                                                     \
  void spectral_pack(std::int64_t count, std::int64_t lanes, const T* from, const T* scale, T* to) {              \
    HWY_DYNAMIC_DISPATCH(pack_##T)(count, lanes, from, scale, to);                                                \
  }                                                                                                               \
  template <>                                                                                                     \
  void spectral_mix(const SpectralMix<T>& m, std::int64_t samples, const T* from, T* to) {                        \
    HWY_DYNAMIC_DISPATCH(mix_##T)(m, samples, from, to);                                                          \
  }                                                                                                               \
  template <>                                                                                                     \
  void spectral_outer(const SpectralMix<T>& m, std::int64_t r, std::int64_t samples, const T* from, const T* to,  \
                      T* sum) {                                                                                   \
    HWY_DYNAMIC_DISPATCH(outer_##T)(m, r, samples, from, to, sum);                                                \
  }
FATHOM_SPECTRAL_DISPATCH(float)
FATHOM_SPECTRAL_DISPATCH(double)
#undef FATHOM_SPECTRAL_DISPATCH

}  // namespace fathom::kernel
#endif  // HWY_ONCE
