#include "fathom/kernel/anderson_rows.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/anderson_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE void write_differences(const AndersonRow<T>& row, std::int64_t begin, std::int64_t end) {
  for_lanes<T>(begin, end, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto g = hn::LoadU(d, row.g + i);
    const auto r = hn::Sub(g, hn::LoadU(d, row.y + i));
    if (row.dr) {
      hn::StoreU(hn::Sub(r, hn::LoadU(d, row.r_prev + i)), d, row.dr + i);
      hn::StoreU(hn::Sub(g, hn::LoadU(d, row.g_prev + i)), d, row.dg + i);
    }
    hn::StoreU(r, d, row.r_prev + i);
    hn::StoreU(g, d, row.g_prev + i);
  });
}

// sums[k] += <left, x_k>, sums[kCount + k] += <right, x_k> over [begin, end) as far as whole
// vectors of d go.
template <int kCount, class D64, class T>
HWY_INLINE std::int64_t add_dots(D64 d, const T* left, const T* right, const T* const* x, std::int64_t begin,
                                 std::int64_t end, double* sums) {
  hn::Vec<D64> of_left[kCount], of_right[kCount];
  for (int k = 0; k < kCount; ++k) of_left[k] = of_right[k] = hn::Zero(d);
  std::int64_t i = begin;
  for (; i + lanes_of(d) <= end; i += lanes_of(d)) {
    const auto a = load_double(d, left + i);
    const auto b = load_double(d, right + i);
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) {
      const auto x_k = load_double(d, x[k] + i);
      of_left[k] = hn::MulAdd(a, x_k, of_left[k]);
      of_right[k] = hn::MulAdd(b, x_k, of_right[k]);
    }
  }
  for (int k = 0; k < kCount; ++k) {
    sums[k] += sum_lanes(d, of_left[k]);
    sums[kCount + k] += sum_lanes(d, of_right[k]);
  }
  return i;
}

template <int kCount, class T>
HWY_INLINE void dots(const T* left, const T* right, const T* const* x, std::int64_t begin, std::int64_t end,
                     double* of_left, double* of_right) {
  double sums[2 * kCount] = {};
  begin = add_dots<kCount>(hn::ScalableTag<double>(), left, right, x, begin, end, sums);
  add_dots<kCount>(hn::CappedTag<double, 1>(), left, right, x, begin, end, sums);
  for (int k = 0; k < kCount; ++k) {
    of_left[k] += sums[k];
    of_right[k] += sums[kCount + k];
  }
}

// of_left[k] += <left, x_k>, of_right[k] += <right, x_k> for `count` columns.
template <class T>
void all_dots(const T* left, const T* right, const T* const* x, std::int64_t count, std::int64_t begin,
              std::int64_t end, double* of_left, double* of_right) {
  std::int64_t k = 0;
  for (; k + 4 <= count; k += 4) dots<4>(left, right, x + k, begin, end, of_left + k, of_right + k);
  switch (count - k) {
    case 3:
      return dots<3>(left, right, x + k, begin, end, of_left + k, of_right + k);
    case 2:
      return dots<2>(left, right, x + k, begin, end, of_left + k, of_right + k);
    case 1:
      return dots<1>(left, right, x + k, begin, end, of_left + k, of_right + k);
    default:
      return;
  }
}

// Numbers of a row worked on at a time, so that r and the newest column stay in the first-level
// cache.
constexpr std::int64_t kChunk = 1024;

template <class T>
void measure_row(const AndersonRow<T>& row, std::span<const std::int64_t> part_start, Squares* squares,
                 AndersonProducts& products) {
  const std::size_t parts = part_start.size() - 1;
  products = {};
  for (std::size_t p = 0; p < parts; ++p) {
    double of_r = 0, of_g = 0, unused[2] = {};
    for (std::int64_t begin = part_start[p]; begin < part_start[p + 1]; begin += kChunk) {
      const std::int64_t end = std::min(begin + kChunk, part_start[p + 1]);
      write_differences(row, begin, end);
      const T* r = row.r_prev;
      const T* g = row.g_prev;
      dots<1>(r, r, &r, begin, end, &of_r, unused);
      dots<1>(g, g, &g, begin, end, &of_g, unused + 1);
      all_dots<T>(row.dr, r, row.columns, row.count, begin, end, products.gram, products.rhs);
    }
    squares[p] = {of_r, of_g};
  }
}

// y = g - sum_k w_k dg_k, and with damping beta < 1 less (1-beta) (r - sum_k w_k dr_k).
template <int kUnroll, class D, class T = hn::TFromD<D>>
HWY_INLINE void mix_vectors(D d, std::int64_t i, const T* g, const T* r, const T* const* dg, const T* const* dr,
                            const T* weight, std::int64_t count, T damping, T* y) {
  hn::Vec<D> sum[kUnroll];
  const auto add_columns = [&](const T* start, const T* const* x) HWY_ATTR {
#pragma GCC unroll 4
    for (int u = 0; u < kUnroll; ++u) sum[u] = hn::LoadU(d, start + i + u * lanes_of(d));
    for (std::int64_t k = 0; k < count; ++k) {
      const auto w = hn::Set(d, weight[k]);
#pragma GCC unroll 4
      for (int u = 0; u < kUnroll; ++u) {
        sum[u] = hn::NegMulAdd(w, hn::LoadU(d, x[k] + i + u * lanes_of(d)), sum[u]);
      }
    }
  };
  hn::Vec<D> back[kUnroll];
  if (damping != T{1}) {
    add_columns(r, dr);
    for (int u = 0; u < kUnroll; ++u) back[u] = hn::Mul(hn::Set(d, 1 - damping), sum[u]);
  }
  add_columns(g, dg);
#pragma GCC unroll 4
  for (int u = 0; u < kUnroll; ++u) {
    if (damping != T{1}) sum[u] = hn::Sub(sum[u], back[u]);
    hn::StoreU(sum[u], d, y + i + u * lanes_of(d));
  }
}

template <class T>
void mix_row(std::int64_t n, const T* g, const T* r, const T* const* dg, const T* const* dr, const T* weight,
             std::int64_t count, T damping, T* y) {
  const hn::ScalableTag<T> d;
  std::int64_t i = 0;
  for (; i + 4 * lanes_of(d) <= n; i += 4 * lanes_of(d)) mix_vectors<4>(d, i, g, r, dg, dr, weight, count, damping, y);
  for (; i + lanes_of(d) <= n; i += lanes_of(d)) mix_vectors<1>(d, i, g, r, dg, dr, weight, count, damping, y);
  for (; i < n; ++i) mix_vectors<1>(hn::CappedTag<T, 1>(), i, g, r, dg, dr, weight, count, damping, y);
}

// y = best + beta (best_g - best), which becomes the step from the previous point.
template <class T>
void roll_back_row(std::int64_t n, const T* best, const T* best_g, T damping, T* y, T* r_prev, T* g_prev) {
  for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto start = hn::LoadU(d, best + i);
    const auto g = hn::LoadU(d, best_g + i);
    const auto r = hn::Sub(g, start);
    hn::StoreU(r, d, r_prev + i);
    hn::StoreU(g, d, g_prev + i);
    hn::StoreU(hn::MulAdd(hn::Set(d, damping), r, start), d, y + i);
  });
}

template <class T>
void advance_row(const LiveRow& live, const T* g, const AndersonHistory<T>& history, const double* weights, T damping,
                 T* y, T* best) {
  const std::int64_t n = history.width, row = live.row;
  if (live.improved) {
    copy_row(y, n, best);
    copy_row(g, n, history.best_g(row));
  }
  if (!live.running) return;
  if (live.roll_back) {
    roll_back_row(n, best, history.best_g(row), damping, y, history.r_prev(row), history.g_prev(row));
    return;
  }
  const T* dg[kMaxDepth];
  const T* dr[kMaxDepth];
  T weight[kMaxDepth];
  std::int64_t count = 0;
  for (std::int64_t c = 0; c < history.depth; ++c) {
    if (weights[c] == 0) continue;
    dg[count] = history.dg(row, c);
    dr[count] = history.dr(row, c);
    weight[count++] = static_cast<T>(weights[c]);
  }
  mix_row(n, g, history.r_prev(row), dg, dr, weight, count, damping, y);
}

// Highway's dispatch tables take plain functions.
void measure_float(const AndersonRow<float>& row, std::span<const std::int64_t> part_start, Squares* squares,
                   AndersonProducts& products) {
  measure_row(row, part_start, squares, products);
}
void measure_double(const AndersonRow<double>& row, std::span<const std::int64_t> part_start, Squares* squares,
                    AndersonProducts& products) {
  measure_row(row, part_start, squares, products);
}
void advance_float(const LiveRow& live, const float* g, const AndersonHistory<float>& history, const double* weights,
                   float damping, float* y, float* best) {
  advance_row(live, g, history, weights, damping, y, best);
}
void advance_double(const LiveRow& live, const double* g, const AndersonHistory<double>& history, const double* weights,
                    double damping, double* y, double* best) {
  advance_row(live, g, history, weights, damping, y, best);
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(measure_float);
HWY_EXPORT(measure_double);
HWY_EXPORT(advance_float);
HWY_EXPORT(advance_double);

}  // namespace

template <class T>
void anderson_measure_row(const AndersonRow<T>& row, std::span<const std::int64_t> part_start, Squares* squares,
                          AndersonProducts& products) {
  if constexpr (std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(measure_float)(row, part_start, squares, products);
  } else {
    HWY_DYNAMIC_DISPATCH(measure_double)(row, part_start, squares, products);
  }
}

template <class T>
void anderson_advance_row(const LiveRow& live, const T* g, const AndersonHistory<T>& history, const double* weights,
                          T damping, T* y, T* best) {
  if constexpr (std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(advance_float)(live, g, history, weights, damping, y, best);
  } else {
    HWY_DYNAMIC_DISPATCH(advance_double)(live, g, history, weights, damping, y, best);
  }
}

using Starts = std::span<const std::int64_t>;
template void anderson_measure_row(const AndersonRow<float>&, Starts, Squares*, AndersonProducts&);
template void anderson_measure_row(const AndersonRow<double>&, Starts, Squares*, AndersonProducts&);
template void anderson_advance_row(const LiveRow&, const float*, const AndersonHistory<float>&, const double*, float,
                                   float*, float*);
template void anderson_advance_row(const LiveRow&, const double*, const AndersonHistory<double>&, const double*, double,
                                   double*, double*);

}  // namespace fathom::kernel
#endif  // HWY_ONCE
