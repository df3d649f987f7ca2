

#include "fathom/kernel/anderson.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/anderson.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <hwy/cache_control.h>

#include "fathom/kernel/parallel.h"
#include "fathom/kernel/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

// Starting threads costs some microseconds: below this many numbers one thread is faster.
constexpr std::int64_t kParallelFrom = 1 << 15;

inline bool worth_threads(std::span<const LiveRow> rows, std::int64_t width) {
  return static_cast<std::int64_t>(rows.size()) * width >= kParallelFrom;
}

// calls f with n as a compile-time constant, 0 <= n <= kMost.
template <int kMost, class F>
HWY_INLINE void with_constant(std::int64_t n, const F& f) {
  if constexpr (kMost > 0) {
    if (n < kMost) return with_constant<kMost - 1>(n, f);
  }
  f(std::integral_constant<int, kMost>());
}

// Rows are too short for the hardware to run ahead of their end, so the loads of wide ones are announced: 1 KB of
// floats ahead, which may lie beyond the row, where the next one is. Narrow rows have all of it in the first-level
// cache.
constexpr std::int64_t kAhead = 256;
constexpr std::int64_t kWide = 2 * kAhead;

template <bool kFar>
HWY_INLINE void announce(const void* address) {
  if constexpr (kFar) hwy::Prefetch(static_cast<const char*>(address));
}

// Columns whose products are taken in the pass that writes the newest of them.
constexpr int kFused = 5;
constexpr int kMore = 4;  // further ones at a time

// Columns as they are kept, in memory and in registers of T or double.
template <class D>
HWY_INLINE hn::Vec<D> load_column(D d, const hn::TFromD<D>* x) {
  return hn::LoadU(d, x);
}
template <class D>
HWY_INLINE hn::Vec<D> load_column(D d, const Bfloat16* x) {
  const hn::Rebind<float, D> narrow;
  const hn::RebindToUnsigned<decltype(narrow)> bits;
  const hn::Rebind<std::uint16_t, D> half;
  const auto wide = hn::PromoteTo(bits, hn::LoadU(half, reinterpret_cast<const std::uint16_t*>(x)));
  const auto value = hn::BitCast(narrow, hn::ShiftLeft<16>(wide));
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return value;
  } else {
    return hn::PromoteTo(d, value);
  }
}

template <class T, class D64, class Column>
HWY_INLINE hn::Vec<D64> column_double(D64 d64, const Column* x) {
  return as_double(d64, load_column(hn::Rebind<T, D64>(), x));
}

// Keeps the column and returns it as it is kept.
template <class D>
HWY_INLINE hn::Vec<D> keep_column(D d, hn::Vec<D> x, hn::TFromD<D>* to) {
  hn::StoreU(x, d, to);
  return x;
}
template <class D>
HWY_INLINE hn::Vec<D> keep_column(D d, hn::Vec<D> x, Bfloat16* to) {
  const hn::Rebind<float, D> narrow;
  const hn::RebindToUnsigned<decltype(narrow)> bits;
  const hn::RebindToSigned<decltype(narrow)> whole;
  const hn::Rebind<std::uint16_t, D> half;
  hn::Vec<decltype(narrow)> value;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    value = x;
  } else {
    value = hn::DemoteTo(narrow, x);
  }
  const auto wide = hn::BitCast(bits, value);
  const auto odd = hn::And(hn::ShiftRight<16>(wide), hn::Set(bits, 1));
  const auto rounded = hn::BitCast(narrow, hn::Add(wide, hn::Add(hn::Set(bits, 0x7FFF), odd)));
  const auto nan = hn::BitCast(narrow, hn::Set(bits, 0x7FC00000));
  const auto kept = hn::BitCast(bits, hn::IfThenElse(hn::Eq(value, value), rounded, nan));
  const auto upper = hn::DemoteTo(half, hn::BitCast(whole, hn::ShiftRight<16>(kept)));
  hn::StoreU(upper, half, reinterpret_cast<std::uint16_t*>(to));
  return load_column(d, to);
}

// One row as measured: its points, where the newest columns go (null at the first point), and dr by age, newest first.
template <class T, class Column>
struct AndersonRow {
  Point<const T> now, before;
  Column* dr = nullptr;
  Column* dg = nullptr;
  const Column* const* columns = nullptr;
  std::int64_t count = 0;
};

struct RowSums {
  double residual = 0, value = 0;
  double* gram;
  double* rhs;
};

// The newest columns of [begin, end) as far as whole vectors of d64 go, and the products with the first kColumns
// columns. kColumns = 0: the first point, which has none. (Pointers are copied: for all the compiler knows, a vector
// that is stored could change those of `row`.)
template <int kColumns, bool kFar, class D64, class T, class Column>
HWY_INLINE std::int64_t measure_vectors(D64 d64, const AndersonRow<T, Column>& row, std::int64_t begin,
                                        std::int64_t end, RowSums& sums) {
  const hn::Rebind<T, D64> d;
  const T *const y = row.now.y, *const g = row.now.g, *const y_prev = row.before.y, *const g_prev = row.before.g;
  Column *const newest_dr = row.dr, *const newest_dg = row.dg;
  const Column* columns[kColumns + 1];
  hn::Vec<D64> residual = hn::Zero(d64), value = hn::Zero(d64);
  hn::Vec<D64> gram[kColumns + 1], rhs[kColumns + 1];
#pragma GCC unroll 8
  for (int k = 0; k < kColumns; ++k) {
    gram[k] = rhs[k] = hn::Zero(d64);
    columns[k] = row.columns[k];
  }
  std::int64_t i = begin;
  for (; i + lanes_of(d64) <= end; i += lanes_of(d64)) {
    const auto g_i = hn::LoadU(d, g + i);
    const auto r = hn::Sub(g_i, hn::LoadU(d, y + i));
    const auto wide_g = as_double(d64, g_i), wide_r = as_double(d64, r);
    residual = hn::MulAdd(wide_r, wide_r, residual);
    value = hn::MulAdd(wide_g, wide_g, value);
    if constexpr (kColumns > 0) {
      announce<kFar>(g_prev + i + kAhead);
      announce<kFar>(y_prev + i + kAhead);
      announce<kFar>(newest_dr + i + kAhead);
      announce<kFar>(newest_dg + i + kAhead);
      const auto g_before = hn::LoadU(d, g_prev + i);
      const auto dr = keep_column(d, hn::Sub(r, hn::Sub(g_before, hn::LoadU(d, y_prev + i))), newest_dr + i);
      keep_column(d, hn::Sub(g_i, g_before), newest_dg + i);
      const auto wide_dr = as_double(d64, dr);
      gram[0] = hn::MulAdd(wide_dr, wide_dr, gram[0]);
      rhs[0] = hn::MulAdd(wide_r, wide_dr, rhs[0]);
#pragma GCC unroll 8
      for (int k = 1; k < kColumns; ++k) {
        announce<kFar>(columns[k] + i + kAhead);
        const auto column = column_double<T>(d64, columns[k] + i);
        gram[k] = hn::MulAdd(wide_dr, column, gram[k]);
        rhs[k] = hn::MulAdd(wide_r, column, rhs[k]);
      }
    }
  }
  add_lanes(d64, residual, value, &sums.residual, &sums.value);
#pragma GCC unroll 8
  for (int k = 0; k < kColumns; ++k) add_lanes(d64, gram[k], rhs[k], &sums.gram[k], &sums.rhs[k]);
  return i;
}

// The products with kColumns columns from `first` on, once the newest is written.
template <int kColumns, class D64, class T, class Column>
HWY_INLINE std::int64_t add_products(D64 d64, const AndersonRow<T, Column>& row, std::int64_t first, std::int64_t begin,
                                     std::int64_t end, RowSums& sums) {
  const hn::Rebind<T, D64> d;
  hn::Vec<D64> gram[kColumns], rhs[kColumns];
  for (int k = 0; k < kColumns; ++k) gram[k] = rhs[k] = hn::Zero(d64);
  std::int64_t i = begin;
  for (; i + lanes_of(d64) <= end; i += lanes_of(d64)) {
    const auto dr = column_double<T>(d64, row.dr + i);
    const auto r = as_double(d64, hn::Sub(hn::LoadU(d, row.now.g + i), hn::LoadU(d, row.now.y + i)));
#pragma GCC unroll 4
    for (int k = 0; k < kColumns; ++k) {
      const auto column = column_double<T>(d64, row.columns[first + k] + i);
      gram[k] = hn::MulAdd(dr, column, gram[k]);
      rhs[k] = hn::MulAdd(r, column, rhs[k]);
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < kColumns; ++k) add_lanes(d64, gram[k], rhs[k], &sums.gram[first + k], &sums.rhs[first + k]);
  return i;
}

template <class T, class Column>
void measure_range(const AndersonRow<T, Column>& row, std::int64_t begin, std::int64_t end, RowSums& sums) {
  const hn::ScalableTag<double> wide;
  const hn::CappedTag<double, 1> one;
  with_constant<kFused>(row.count, [&](auto columns) HWY_ATTR {
    const std::int64_t rest = end - begin < kWide ? measure_vectors<columns(), false>(wide, row, begin, end, sums)
                                                  : measure_vectors<columns(), true>(wide, row, begin, end, sums);
    if (rest < end) measure_vectors<columns(), false>(one, row, rest, end, sums);
  });
  for (std::int64_t first = kFused; first < row.count; first += kMore) {
    with_constant<kMore - 1>(std::min<std::int64_t>(row.count - first, kMore) - 1, [&](auto less_one) HWY_ATTR {
      constexpr int kColumns = less_one() + 1;
      const std::int64_t rest = add_products<kColumns>(wide, row, first, begin, end, sums);
      if (rest < end) add_products<kColumns>(one, row, first, rest, end, sums);
    });
  }
}

// Numbers of a row worked on at a time, so that r and the newest column stay in the first-level cache.
constexpr std::int64_t kChunk = 1024;

template <class T, class Column>
void measure_row(const AndersonRow<T, Column>& row, std::span<const std::int64_t> part_start, Squares* squares,
                 AndersonProducts& products) {
  const std::size_t parts = part_start.size() - 1;
  std::fill_n(products.gram, row.count, 0.0);
  std::fill_n(products.rhs, row.count, 0.0);
  const std::int64_t chunk = row.count > kFused ? kChunk : std::numeric_limits<std::int64_t>::max();
  for (std::size_t p = 0; p < parts; ++p) {
    RowSums sums{.gram = products.gram, .rhs = products.rhs};
    for (std::int64_t begin = part_start[p]; begin < part_start[p + 1];) {
      const std::int64_t end = begin + std::min(chunk, part_start[p + 1] - begin);
      measure_range(row, begin, end, sums);
      begin = end;
    }
    squares[p] = {sums.residual, sums.value};
  }
}

// The columns of a row that its mixed step uses.
template <class T, class Column>
struct Mixture {
  const Column* dg[kMaxDepth];
  const Column* dr[kMaxDepth];
  T weight[kMaxDepth];
  std::int64_t count = 0;
  T damping;
};

// next = g - sum_k w_k dg_k, and with damping beta < 1 less (1-beta) (r - sum_k w_k dr_k).
template <int kUnroll, bool kFar, class D, class Column, class T = hn::TFromD<D>>
HWY_INLINE void mix_vectors(D d, std::int64_t i, const T* y, const T* g, const Mixture<T, Column>& with, T* next) {
  hn::Vec<D> sum[kUnroll], back[kUnroll];
  const auto subtract_columns = [&](const Column* const* x) HWY_ATTR {
    for (std::int64_t k = 0; k < with.count; ++k) {
      const auto w = hn::Set(d, with.weight[k]);
#pragma GCC unroll 4
      for (int u = 0; u < kUnroll; ++u) {
        announce<kFar>(x[k] + i + u * lanes_of(d) + kAhead);
        sum[u] = hn::NegMulAdd(w, load_column(d, x[k] + i + u * lanes_of(d)), sum[u]);
      }
    }
  };
  const auto at = [&](int u) HWY_ATTR { return i + u * lanes_of(d); };
  if (with.damping != T{1}) {
    for (int u = 0; u < kUnroll; ++u) sum[u] = hn::Sub(hn::LoadU(d, g + at(u)), hn::LoadU(d, y + at(u)));
    subtract_columns(with.dr);
    for (int u = 0; u < kUnroll; ++u) back[u] = hn::Mul(hn::Set(d, 1 - with.damping), sum[u]);
  }
#pragma GCC unroll 4
  for (int u = 0; u < kUnroll; ++u) sum[u] = hn::LoadU(d, g + at(u));
  subtract_columns(with.dg);
#pragma GCC unroll 4
  for (int u = 0; u < kUnroll; ++u) {
    if (with.damping != T{1}) sum[u] = hn::Sub(sum[u], back[u]);
    hn::StoreU(sum[u], d, next + at(u));
  }
}

template <bool kFar, class T, class Column>
void mix_all(std::int64_t n, const T* y, const T* g, const Mixture<T, Column>& with, T* next) {
  const hn::ScalableTag<T> d;
  std::int64_t i = 0;
  for (; i + 4 * lanes_of(d) <= n; i += 4 * lanes_of(d)) mix_vectors<4, kFar>(d, i, y, g, with, next);
  for (; i + lanes_of(d) <= n; i += lanes_of(d)) mix_vectors<1, kFar>(d, i, y, g, with, next);
  for (; i < n; ++i) mix_vectors<1, kFar>(hn::CappedTag<T, 1>(), i, y, g, with, next);
}

// The usual step: beta = 1 and kColumns columns, whose sum is the same bit for bit.
template <int kColumns, bool kFar, class T, class Column>
HWY_INLINE void mix_few(std::int64_t n, const T* g, const Mixture<T, Column>& with, T* next) {
  const Column* columns[kColumns + 1];
  T weights[kColumns + 1];
  for (int k = 0; k < kColumns; ++k) {
    columns[k] = with.dg[k];
    weights[k] = with.weight[k];
  }
  for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR {
    auto sum = hn::LoadU(d, g + i);
#pragma GCC unroll 8
    for (int k = 0; k < kColumns; ++k) {
      announce<kFar>(columns[k] + i + kAhead);
      sum = hn::NegMulAdd(hn::Set(d, weights[k]), load_column(d, columns[k] + i), sum);
    }
    hn::StoreU(sum, d, next + i);
  });
}

template <class T, class Column>
void mix_row(std::int64_t n, const T* y, const T* g, const Mixture<T, Column>& with, T* next) {
  const bool far = n >= kWide;
  if (with.damping != T{1} || with.count > kFused) {
    return far ? mix_all<true>(n, y, g, with, next) : mix_all<false>(n, y, g, with, next);
  }
  with_constant<kFused>(with.count, [&](auto columns) HWY_ATTR {
    far ? mix_few<columns(), true>(n, g, with, next) : mix_few<columns(), false>(n, g, with, next);
  });
}

// next = best + beta (best_g - best), which becomes the step from the best.
template <class T>
void roll_back_row(std::int64_t n, const T* best, const T* best_g, T damping, T* y, T* g, T* next) {
  for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto start = hn::LoadU(d, best + i);
    const auto g_i = hn::LoadU(d, best_g + i);
    hn::StoreU(start, d, y + i);
    hn::StoreU(g_i, d, g + i);
    hn::StoreU(hn::MulAdd(hn::Set(d, damping), hn::Sub(g_i, start), start), d, next + i);
  });
}

template <class T, class Column>
Mixture<T, Column> mixture_of(std::int64_t row, const AndersonHistory<T, Column>& history, const Ring& ring,
                              const double* weights, T damping) {
  Mixture<T, Column> with;
  with.damping = damping;
  for (std::int64_t age = 0; age < history.depth; ++age) {
    if (weights[age] == 0) continue;
    with.dg[with.count] = history.dg(row, ring.column(age));
    if (damping != T{1}) with.dr[with.count] = history.dr(row, ring.column(age));
    with.weight[with.count++] = static_cast<T>(weights[age]);
  }
  return with;
}

template <class T, class Column>
void advance_row(const LiveRow& live, Point<T> now, Point<const T> before, const AndersonHistory<T, Column>& history,
                 const Ring& ring, const double* weights, T damping, T* next, T* best, std::uint8_t& best_is_previous) {
  const std::int64_t n = history.width, row = live.row;
  if (best_is_previous && !live.improved) {
    copy_row(before.y, n, best);
    copy_row(before.g, n, history.best_g(row));
  }
  best_is_previous = live.improved && live.running;
  if (!live.running) {
    if (live.improved) copy_row(now.y, n, best);
  } else if (live.roll_back) {
    roll_back_row(n, best, history.best_g(row), damping, now.y, now.g, next);
  } else {
    mix_row(n, now.y, now.g, mixture_of(row, history, ring, weights, damping), next);
  }
}

template <class T>
Point<T> row_of(Point<T> point, std::int64_t at) {
  return point.y == nullptr ? point : Point<T>{point.y + at, point.g + at};
}

template <class T, class Column>
void measure_rows(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, Point<const T> now,
                  Point<const T> before, const AndersonHistory<T, Column>& history, const Ring& ring,
                  const std::int64_t* columns, Squares* squares, AndersonProducts* products) {
  const auto parts = static_cast<std::int64_t>(part_start.size()) - 1;
  for_each_index(static_cast<std::int64_t>(rows.size()), worth_threads(rows, history.width), [&](std::int64_t i) {
    const std::int64_t at = rows[i].slot * history.width, row = rows[i].row;
    AndersonRow<T, Column> of{row_of(now, at), row_of(before, at)};
    const Column* by_age[kMaxDepth];
    if (ring.newest >= 0) {
      of.dr = history.dr(row, ring.newest);
      of.dg = history.dg(row, ring.newest);
      of.columns = by_age;
      of.count = columns[row];
      for (std::int64_t age = 0; age < of.count; ++age) by_age[age] = history.dr(row, ring.column(age));
    }
    measure_row(of, part_start, squares + row * parts, products[row]);
  });
}

template <class T, class Column>
void advance_rows(std::span<const LiveRow> rows, Point<T> now, Point<const T> before,
                  const AndersonHistory<T, Column>& history, const Ring& ring, const double* weights, T damping,
                  T* next, T* best, std::uint8_t* best_is_previous) {
  for_each_index(static_cast<std::int64_t>(rows.size()), worth_threads(rows, history.width), [&](std::int64_t i) {
    const std::int64_t at = rows[i].slot * history.width, row = rows[i].row;
    advance_row(rows[i], row_of(now, at), row_of(before, at), history, ring, weights + row * history.depth, damping,
                next + at, best + row * history.width, best_is_previous[row]);
  });
}

// Highway's dispatch tables take plain functions.
#define FATHOM_ANDERSON(T, Column, name)                                                                             \
  void measure_##name(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, Point<const T> now,   \
                      Point<const T> before, const AndersonHistory<T, Column>& history, const Ring& ring,            \
                      const std::int64_t* columns, Squares* squares, AndersonProducts* products) {                   \
    measure_rows(rows, part_start, now, before, history, ring, columns, squares, products);                          \
  }                                                                                                                  \
  void advance_##name(std::span<const LiveRow> rows, Point<T> now, Point<const T> before,                            \
                      const AndersonHistory<T, Column>& history, const Ring& ring, const double* weights, T damping, \
                      T* next, T* best, std::uint8_t* best_is_previous) {                                            \
    advance_rows(rows, now, before, history, ring, weights, damping, next, best, best_is_previous);                  \
  }
FATHOM_ANDERSON(float, float, float)
FATHOM_ANDERSON(double, double, double)
FATHOM_ANDERSON(float, Bfloat16, float_short)
FATHOM_ANDERSON(double, Bfloat16, double_short)
#undef FATHOM_ANDERSON

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {

#define FATHOM_ANDERSON(T, Column, name)                                                                             \
  namespace {                                                                                                        \
  HWY_EXPORT(measure_##name);                                                                                        \
  HWY_EXPORT(advance_##name);                                                                                        \
  }                                                                                                                  \
  template <>                                                                                                        \
  void anderson_measure(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, Point<const T> now, \
                        Point<const T> before, const AndersonHistory<T, Column>& history, const Ring& ring,          \
                        const std::int64_t* columns, Squares* squares, AndersonProducts* products) {                 \
    HWY_DYNAMIC_DISPATCH(measure_##name)                                                                             \
    (rows, part_start, now, before, history, ring, columns, squares, products);                                      \
  }                                                                                                                  \
  template <>                                                                                                        \
  void anderson_mix(std::span<const LiveRow> rows, Point<T> now, Point<const T> before,                              \
                    const AndersonHistory<T, Column>& history, const Ring& ring, const double* weights, T damping,   \
                    T* next, T* best, std::uint8_t* best_is_previous) {                                              \
    HWY_DYNAMIC_DISPATCH(advance_##name)                                                                             \
    (rows, now, before, history, ring, weights, damping, next, best, best_is_previous);                              \
  }
FATHOM_ANDERSON(float, float, float)
FATHOM_ANDERSON(double, double, double)
FATHOM_ANDERSON(float, Bfloat16, float_short)
FATHOM_ANDERSON(double, Bfloat16, double_short)
#undef FATHOM_ANDERSON

}  // namespace fathom::kernel
#endif  // HWY_ONCE
