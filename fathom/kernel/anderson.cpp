#include "fathom/kernel/anderson.h"

#include <cstdint>

#include "fathom/kernel/anderson_rows.h"
#include "fathom/kernel/parallel.h"

namespace fathom::kernel {
namespace {

// Starting threads costs some microseconds: below this many numbers one thread is faster.
constexpr std::int64_t kParallelFrom = 1 << 15;

template <class T, class Column>
void measure_one(const LiveRow& live, std::span<const std::int64_t> part_start, const T* y, const T* g,
                 const AndersonHistory<T, Column>& history, const Ring& ring, std::int64_t count, Squares* squares,
                 AndersonProducts& products) {
  const std::int64_t at = live.slot * history.width;
  AndersonRow<T, Column> row{y + at, g + at, history.y_prev(live.row), history.g_prev(live.row)};
  const Column* by_age[kMaxDepth];
  if (ring.newest >= 0) {
    for (std::int64_t age = 0; age < count; ++age) by_age[age] = history.dr(live.row, ring.column(age));
    row.dr = history.dr(live.row, ring.newest);
    row.dg = history.dg(live.row, ring.newest);
    row.columns = by_age;
    row.count = count;
  }
  anderson_measure_row(row, part_start, squares, products);
}

}  // namespace

template <class T, class Column>
void anderson_measure(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, const T* y, const T* g,
                      const AndersonHistory<T, Column>& history, const Ring& ring, const std::int64_t* columns,
                      Squares* squares, AndersonProducts* products) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto parts = static_cast<std::int64_t>(part_start.size()) - 1;
  for_each_index(count, count * history.width >= kParallelFrom, [&](std::int64_t i) {
    const std::int64_t row = rows[i].row;
    measure_one(rows[i], part_start, y, g, history, ring, columns[row], squares + row * parts, products[row]);
  });
}

template <class T, class Column>
void anderson_mix(std::span<const LiveRow> rows, const T* g, const AndersonHistory<T, Column>& history,
                  const Ring& ring, const double* weights, T damping, T* y, T* best, std::uint8_t* best_is_previous) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t width = history.width;
  for_each_index(count, count * width >= kParallelFrom, [&](std::int64_t i) {
    const std::int64_t row = rows[i].row, at = rows[i].slot * width;
    anderson_advance_row(rows[i], g + at, history, ring, weights + row * history.depth, damping, y + at,
                         best + row * width, best_is_previous[row]);
  });
}

using Rows = std::span<const LiveRow>;
using Starts = std::span<const std::int64_t>;
#define FATHOM_ANDERSON(T, Column)                                                                                     \
  template void anderson_measure(Rows, Starts, const T*, const T*, const AndersonHistory<T, Column>&, const Ring&,     \
                                 const std::int64_t*, Squares*, AndersonProducts*);                                    \
  template void anderson_mix(Rows, const T*, const AndersonHistory<T, Column>&, const Ring&, const double*, T, T*, T*, \
                             std::uint8_t*);
FATHOM_ANDERSON(float, float)
FATHOM_ANDERSON(float, Bfloat16)
FATHOM_ANDERSON(double, double)
FATHOM_ANDERSON(double, Bfloat16)
#undef FATHOM_ANDERSON

}  // namespace fathom::kernel
