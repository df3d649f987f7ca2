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

// y, g and next may be one and the same.
template <class T>
void step_row(std::int64_t n, const T* y, const T* g, T damping, T* next) {
  if (damping == T{1}) {
    if (next == g) return;
    for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR { hn::StoreU(hn::LoadU(d, g + i), d, next + i); });
    return;
  }
  for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto y_i = hn::LoadU(d, y + i);
    const auto r_i = hn::Sub(hn::LoadU(d, g + i), y_i);
    hn::StoreU(hn::MulAdd(hn::Set(d, damping), r_i, y_i), d, next + i);
  });
}

template <class T>
void step_rows(std::span<const LiveRow> rows, bool parallel, std::int64_t n, const T* y_prev, const T* y, const T* g,
               T damping, T* next, T* best, std::uint8_t* best_is_previous) {
  for_each_index(static_cast<std::int64_t>(rows.size()), parallel, [&](std::int64_t i) HWY_ATTR {
    const LiveRow& live = rows[i];
    const std::int64_t at = live.slot * n;
    std::uint8_t& pending = best_is_previous[live.row];
    if (pending && !live.improved) copy_row(y_prev + at, n, best + live.row * n);
    pending = live.improved && live.running;
    if (live.improved && !live.running) copy_row(y + at, n, best + live.row * n);
    if (live.running) step_row(n, y + at, g + at, damping, next + at);
  });
}

template <class T>
void squares_of_rows(std::span<const LiveRow> rows, bool parallel, std::span<const std::int64_t> part_start, const T* y,
                     const T* g, Squares* squares) {
  const auto parts = static_cast<std::int64_t>(part_start.size()) - 1;
  for_each_index(static_cast<std::int64_t>(rows.size()), parallel, [&](std::int64_t i) HWY_ATTR {
    const std::int64_t at = rows[i].slot * part_start[parts];
    for (std::int64_t p = 0; p < parts; ++p) {
      const std::int64_t start = at + part_start[p];
      squares[rows[i].row * parts + p] = squares_of(y + start, g + start, part_start[p + 1] - part_start[p]);
    }
  });
}

// Highway's dispatch tables take plain functions.
#define FATHOM_ROWS(T)                                                                                                 \
  void squares_##T(std::span<const LiveRow> rows, bool parallel, std::span<const std::int64_t> part_start, const T* y, \
                   const T* g, Squares* squares) {                                                                     \
    squares_of_rows(rows, parallel, part_start, y, g, squares);                                                        \
  }                                                                                                                    \
  void step_##T(std::span<const LiveRow> rows, bool parallel, std::int64_t n, const T* y_prev, const T* y, const T* g, \
                T damping, T* next, T* best, std::uint8_t* best_is_previous) {                                         \
    step_rows(rows, parallel, n, y_prev, y, g, damping, next, best, best_is_previous);                                 \
  }
FATHOM_ROWS(float)
FATHOM_ROWS(double)
#undef FATHOM_ROWS

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

// Starting threads costs some microseconds: below this many numbers one thread is faster.
constexpr std::int64_t kParallelFrom = 1 << 16;

bool worth_threads(std::span<const LiveRow> rows, std::int64_t width) {
  return static_cast<std::int64_t>(rows.size()) * width >= kParallelFrom;
}

}  // namespace

#define FATHOM_ROWS(T)                                                                                          \
  namespace {                                                                                                   \
  HWY_EXPORT(squares_##T);                                                                                      \
  HWY_EXPORT(step_##T);                                                                                         \
  }                                                                                                             \
  template <>                                                                                                   \
  void residual_squares(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, const T* y,    \
                        const T* g, Squares* squares) {                                                         \
    HWY_DYNAMIC_DISPATCH(squares_##T)(rows, worth_threads(rows, part_start.back()), part_start, y, g, squares); \
  }                                                                                                             \
  template <>                                                                                                   \
  void damped_step(std::span<const LiveRow> rows, std::int64_t width, const T* y_prev, const T* y, const T* g,  \
                   T damping, T* next, T* best, std::uint8_t* best_is_previous) {                               \
    HWY_DYNAMIC_DISPATCH(step_##T)                                                                              \
    (rows, worth_threads(rows, width), width, y_prev, y, g, damping, next, best, best_is_previous);             \
  }
FATHOM_ROWS(float)
FATHOM_ROWS(double)
#undef FATHOM_ROWS

}  // namespace fathom::kernel
#endif  // HWY_ONCE
