#include "fathom/kernel/row_algebra.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/row_algebra.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/parallel.h"
#include "fathom/kernel/row-inl.h"
#include "fathom/kernel/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

template <class D64>
HWY_INLINE void store_rounded(D64 d, hn::Vec<D64> x, double* to) {
  hn::StoreU(x, d, to);
}
template <class D64>
HWY_INLINE void store_rounded(D64 d, hn::Vec<D64> x, float* to) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  // There Highway makes the largest float of a number beyond it, infinities included.
  double lane[hn::MaxLanes(D64())];
  hn::StoreU(x, d, lane);
  for (std::int64_t i = 0; i < lanes_of(d); ++i) to[i] = static_cast<float>(lane[i]);
#else
  const hn::Rebind<float, D64> narrow;
  hn::StoreU(hn::DemoteTo(narrow, x), narrow, to);
#endif
}

// What v holds at a place: kSquares says that v is w, whose number there is known.
template <bool kSquares, class D64, class T>
HWY_INLINE hn::Vec<D64> other(D64 d, const T* v, hn::Vec<D64> w) {
  if constexpr (kSquares) {
    return w;
  } else {
    return load_double(d, v);
  }
}

// dots[k] += <v_k, w> over [begin, end) as far as kUnroll vectors of d go; returns where it stopped.
template <int kVectors, int kUnroll, bool kSquares, class D64, class T>
HWY_INLINE std::int64_t add_dots(D64 d, const T* v, std::int64_t n, const T* w, std::int64_t begin, double* dots) {
  hn::Vec<D64> sum[kVectors][kUnroll];
#pragma GCC unroll 4
  for (int k = 0; k < kVectors; ++k) {
    for (int u = 0; u < kUnroll; ++u) sum[k][u] = hn::Zero(d);
  }
  std::int64_t i = begin;
  for (; i + kUnroll * lanes_of(d) <= n; i += kUnroll * lanes_of(d)) {
#pragma GCC unroll 2
    for (int u = 0; u < kUnroll; ++u) {
      const std::int64_t at = i + u * lanes_of(d);
      const auto w_i = load_double(d, w + at);
#pragma GCC unroll 4
      for (int k = 0; k < kVectors; ++k)
        sum[k][u] = hn::MulAdd(other<kSquares>(d, v + k * n + at, w_i), w_i, sum[k][u]);
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < kVectors; ++k) {
    hn::Vec<D64> all = sum[k][0];
    for (int u = 1; u < kUnroll; ++u) all = hn::Add(all, sum[k][u]);
    dots[k] += sum_lanes(d, all);
  }
  return i;
}

template <int kVectors, bool kSquares = false, class T>
HWY_INLINE void dots_with(const T* v, std::int64_t n, const T* w, double* dots) {
  const hn::ScalableTag<double> d;
  std::fill_n(dots, kVectors, 0.0);
  std::int64_t i = add_dots<kVectors, 2, kSquares>(d, v, n, w, 0, dots);
  i = add_dots<kVectors, 1, kSquares>(d, v, n, w, i, dots);
  add_dots<kVectors, 1, kSquares>(hn::CappedTag<double, 1>(), v, n, w, i, dots);
}

// Four vectors at a time, so that w is read (and for floats widened) once for all of them.
template <class T>
HWY_INLINE void dots_of(const T* v, std::int64_t count, std::int64_t n, const T* w, double* dots) {
  if (count == 1 && v == w) return dots_with<1, true>(v, n, w, dots);
  std::int64_t k = 0;
  for (; k + 4 <= count; k += 4) dots_with<4>(v + k * n, n, w, dots + k);
  for (; k < count; ++k) dots_with<1>(v + k * n, n, w, dots + k);
}

// The sums of kUnroll vectors of d stay in registers while the vectors of the row pass by.
template <int kUnroll, class D64, class T>
HWY_INLINE std::int64_t add_vectors(D64 d, const T* HWY_RESTRICT v, std::int64_t count, std::int64_t n,
                                    const double* factor, std::int64_t begin, T* HWY_RESTRICT y) {
  std::int64_t i = begin;
  for (; i + kUnroll * lanes_of(d) <= n; i += kUnroll * lanes_of(d)) {
    hn::Vec<D64> sum[kUnroll];
#pragma GCC unroll 8
    for (int u = 0; u < kUnroll; ++u) sum[u] = load_double(d, y + i + u * lanes_of(d));
    for (std::int64_t k = 0; k < count; ++k) {
      const auto a = hn::Set(d, factor[k]);
      const T* from = v + k * n + i;
#pragma GCC unroll 8
      for (int u = 0; u < kUnroll; ++u) sum[u] = hn::MulAdd(a, load_double(d, from + u * lanes_of(d)), sum[u]);
    }
#pragma GCC unroll 8
    for (int u = 0; u < kUnroll; ++u) store_rounded(d, sum[u], y + i + u * lanes_of(d));
  }
  return i;
}

template <class T>
HWY_INLINE void add_scaled(const T* v, std::int64_t count, std::int64_t n, const double* factor, T* y) {
  const hn::ScalableTag<double> d;
  std::int64_t i = add_vectors<8>(d, v, count, n, factor, 0, y);
  i = add_vectors<1>(d, v, count, n, factor, i, y);
  add_vectors<1>(hn::CappedTag<double, 1>(), v, count, n, factor, i, y);
}

template <class T>
HWY_INLINE void scale(const T* x, std::int64_t n, double factor, T* y) {
  if (factor == 0) return static_cast<void>(std::fill_n(y, n, T{0}));
  for_lanes<double>(0, n, [&](auto d, std::int64_t i) HWY_ATTR {
    store_rounded(d, hn::Mul(hn::Set(d, factor), load_double(d, x + i)), y + i);
  });
}

// `part` holds `count` numbers.
template <class T>
HWY_INLINE void orthogonalise(const T* v, std::int64_t count, std::int64_t n, const T* w, T* out, double* coefficients,
                              double* part) {
  if (out != w) copy_row(w, n, out);
  std::fill_n(coefficients, count, 0.0);
  for (int pass = 0; pass < 2; ++pass) {
    dots_of(v, count, n, out, part);
    for (std::int64_t k = 0; k < count; ++k) {
      coefficients[k] += part[k];
      part[k] = -part[k];
    }
    add_scaled(v, count, n, part, out);
  }
}

// Highway's dispatch tables take plain functions.
#define FATHOM_ROW_ALGEBRA(T)                                                                                      \
  void dots_##T(const T* v, std::int64_t count, std::int64_t n, const T* w, double* dots) {                        \
    dots_of(v, count, n, w, dots);                                                                                 \
  }                                                                                                                \
  void scale_##T(const T* x, std::int64_t n, double factor, T* y) { scale(x, n, factor, y); }                      \
  void add_scaled_##T(const T* v, std::int64_t count, std::int64_t n, const double* factor, T* y) {                \
    add_scaled(v, count, n, factor, y);                                                                            \
  }                                                                                                                \
  void orthogonalise_##T(const T* v, std::int64_t count, std::int64_t n, const T* w, T* out, double* coefficients, \
                         double* part) {                                                                           \
    orthogonalise(v, count, n, w, out, coefficients, part);                                                        \
  }
FATHOM_ROW_ALGEBRA(float)
FATHOM_ROW_ALGEBRA(double)
#undef FATHOM_ROW_ALGEBRA

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

// One row, by the instruction set of this processor.
#define FATHOM_ROW_ALGEBRA(T)                                                                                       \
  HWY_EXPORT(dots_##T);                                                                                             \
  HWY_EXPORT(scale_##T);                                                                                            \
  HWY_EXPORT(add_scaled_##T);                                                                                       \
  HWY_EXPORT(orthogonalise_##T);                                                                                    \
  void dots(const T* v, std::int64_t count, std::int64_t n, const T* w, double* out) {                              \
    HWY_DYNAMIC_DISPATCH(dots_##T)(v, count, n, w, out);                                                            \
  }                                                                                                                 \
  void scale(const T* x, std::int64_t n, double factor, T* y) { HWY_DYNAMIC_DISPATCH(scale_##T)(x, n, factor, y); } \
  void add_scaled(const T* v, std::int64_t count, std::int64_t n, const double* factor, T* y) {                     \
    HWY_DYNAMIC_DISPATCH(add_scaled_##T)(v, count, n, factor, y);                                                   \
  }                                                                                                                 \
  void orthogonalise(const T* v, std::int64_t count, std::int64_t n, const T* w, T* out, double* coefficients,      \
                     double* part) {                                                                                \
    HWY_DYNAMIC_DISPATCH(orthogonalise_##T)(v, count, n, w, out, coefficients, part);                               \
  }
FATHOM_ROW_ALGEBRA(float)
FATHOM_ROW_ALGEBRA(double)
#undef FATHOM_ROW_ALGEBRA

// body(i) for every row of v. Starting threads costs some microseconds: below so many numbers one thread is faster.
template <class T, class Body>
void for_rows(const RowVectors<T>& v, const Body& body) {
  constexpr std::int64_t kParallelFrom = 1 << 16;
  for_each_index(v.rows, v.rows * v.count * v.width >= kParallelFrom, body);
}

struct Part;  // names the scratch memory of orthogonalise_rows

}  // namespace

template <class T>
void row_dots(const RowVectors<const T>& v, const RowVectors<const T>& w, double* out) {
  for_rows(v, [&](std::int64_t i) { dots(v.of(i), v.count, v.width, w.of(i), out + i * v.count); });
}

template <class T>
void row_norms(const RowVectors<const T>& x, double* norms) {
  for_rows(x, [&](std::int64_t i) {
    dots(x.of(i), 1, x.width, x.of(i), norms + i);
    norms[i] = std::sqrt(norms[i]);
  });
}

template <class T>
void scale_rows(const RowVectors<const T>& x, const double* factor, const RowVectors<T>& y) {
  for_rows(x, [&](std::int64_t i) { scale(x.of(i), x.width, factor[i], y.of(i)); });
}

template <class T>
void add_scaled_rows(const RowVectors<const T>& v, const double* factor, const RowVectors<T>& y) {
  for_rows(v, [&](std::int64_t i) { add_scaled(v.of(i), v.count, v.width, factor + i * v.count, y.of(i)); });
}

template <class T>
void orthogonalise_rows(const RowVectors<const T>& v, const RowVectors<const T>& w, const RowVectors<T>& out,
                        double* coefficients) {
  for_rows(v, [&](std::int64_t i) {
    orthogonalise(v.of(i), v.count, v.width, w.of(i), out.of(i), coefficients + i * v.count,
                  scratch<double, Part>(v.count));
  });
}

#define FATHOM_ROW_ALGEBRA(T)                                                                                    \
  template void row_dots(const RowVectors<const T>&, const RowVectors<const T>&, double*);                       \
  template void row_norms(const RowVectors<const T>&, double*);                                                  \
  template void scale_rows(const RowVectors<const T>&, const double*, const RowVectors<T>&);                     \
  template void add_scaled_rows(const RowVectors<const T>&, const double*, const RowVectors<T>&);                \
  template void orthogonalise_rows(const RowVectors<const T>&, const RowVectors<const T>&, const RowVectors<T>&, \
                                   double*);
FATHOM_ROW_ALGEBRA(float)
FATHOM_ROW_ALGEBRA(double)
#undef FATHOM_ROW_ALGEBRA

}  // namespace fathom::kernel
#endif  // HWY_ONCE
