#include "fathom/kernel/rows.h"

#include <cstdint>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/parallel.h"
#include "fathom/kernel/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

// Adds the squares over [begin, end), a multiple of kUnroll vectors of d; returns where it stopped.
template <int kUnroll, class D64, class T>
HWY_INLINE std::int64_t add_squares(D64 d, const T* y, const T* g, std::int64_t begin, std::int64_t end, Squares& out) {
  hn::Vec<D64> residual[kUnroll], value[kUnroll];
  for (int u = 0; u < kUnroll; ++u) residual[u] = value[u] = hn::Zero(d);
  std::int64_t i = begin;
  for (; i + kUnroll * lanes_of(d) <= end; i += kUnroll * lanes_of(d)) {
#pragma GCC unroll 4
    for (int u = 0; u < kUnroll; ++u) {
      const auto g_i = load_double(d, g + i + u * lanes_of(d));
      const auto r_i = hn::Sub(g_i, load_double(d, y + i + u * lanes_of(d)));
      residual[u] = hn::MulAdd(r_i, r_i, residual[u]);
      value[u] = hn::MulAdd(g_i, g_i, value[u]);
    }
  }
  for (int u = 0; u < kUnroll; ++u) {
    out.residual += sum_lanes(d, residual[u]);
    out.value += sum_lanes(d, value[u]);
  }
  return i;
}

template <class T>
Squares squares_of(const T* HWY_RESTRICT y, const T* HWY_RESTRICT g, std::int64_t n) {
  Squares out;
  const hn::ScalableTag<double> d;
  std::int64_t i = add_squares<4>(d, y, g, 0, n, out);
  i = add_squares<1>(d, y, g, i, n, out);
  add_squares<1>(hn::CappedTag<double, 1>(), y, g, i, n, out);
  return out;
}

// y and g may be one and the same (a map that returns its argument).
template <class T>
void step_row(const LiveRow& live, std::int64_t n, const T* g, T damping, T* y, T* HWY_RESTRICT best) {
  if (live.improved) copy_row(y, n, best);
  if (!live.running) return;
  if (damping == T{1}) {
    for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR { hn::StoreU(hn::LoadU(d, g + i), d, y + i); });
    return;
  }
  for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto y_i = hn::LoadU(d, y + i);
    const auto r_i = hn::Sub(hn::LoadU(d, g + i), y_i);
    hn::StoreU(hn::MulAdd(hn::Set(d, damping), r_i, y_i), d, y + i);
  });
}

// Highway's dispatch tables take plain functions.
Squares squares_float(const float* y, const float* g, std::int64_t n) { return squares_of(y, g, n); }
Squares squares_double(const double* y, const double* g, std::int64_t n) { return squares_of(y, g, n); }
void step_float(const LiveRow& live, std::int64_t n, const float* g, float damping, float* y, float* best) {
  step_row(live, n, g, damping, y, best);
}
void step_double(const LiveRow& live, std::int64_t n, const double* g, double damping, double* y, double* best) {
  step_row(live, n, g, damping, y, best);
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(squares_float);
HWY_EXPORT(squares_double);
HWY_EXPORT(step_float);
HWY_EXPORT(step_double);

template <class T>
Squares dispatch_squares(const T* y, const T* g, std::int64_t n) {
  if constexpr (std::is_same_v<T, float>)
    return HWY_DYNAMIC_DISPATCH(squares_float)(y, g, n);
  else
    return HWY_DYNAMIC_DISPATCH(squares_double)(y, g, n);
}

// Starting threads costs some microseconds: below this many numbers one thread is faster.
constexpr std::int64_t kParallelFrom = 1 << 16;

}  // namespace

template <class T>
void residual_squares(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, const T* y, const T* g,
                      Squares* squares) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto parts = static_cast<std::int64_t>(part_start.size()) - 1;
  const std::int64_t width = part_start[parts];
  for_each_index(count, count * width >= kParallelFrom, [&](std::int64_t i) {
    const std::int64_t at = rows[i].slot * width;
    for (std::int64_t p = 0; p < parts; ++p) {
      const std::int64_t start = at + part_start[p];
      squares[rows[i].row * parts + p] = dispatch_squares(y + start, g + start, part_start[p + 1] - part_start[p]);
    }
  });
}

template <class T>
void damped_step(std::span<const LiveRow> rows, std::int64_t width, const T* g, T damping, T* y, T* best) {
  const auto count = static_cast<std::int64_t>(rows.size());
  for_each_index(count, count * width >= kParallelFrom, [&](std::int64_t i) {
    const std::int64_t at = rows[i].slot * width;
    T* best_row = best + rows[i].row * width;
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(step_float)(rows[i], width, g + at, damping, y + at, best_row);
    } else {
      HWY_DYNAMIC_DISPATCH(step_double)(rows[i], width, g + at, damping, y + at, best_row);
    }
  });
}

template void residual_squares(std::span<const LiveRow>, std::span<const std::int64_t>, const float*, const float*,
                               Squares*);
template void residual_squares(std::span<const LiveRow>, std::span<const std::int64_t>, const double*, const double*,
                               Squares*);
template void damped_step(std::span<const LiveRow>, std::int64_t, const float*, float, float*, float*);
template void damped_step(std::span<const LiveRow>, std::int64_t, const double*, double, double*, double*);

}  // namespace fathom::kernel
#endif  // HWY_ONCE
