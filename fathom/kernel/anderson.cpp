#include "fathom/kernel/anderson.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "fathom/kernel/anderson_rows.h"

namespace fathom::kernel {
namespace {

// Starting threads costs some microseconds: below this many numbers one thread is faster.
constexpr std::int64_t kParallelFrom = 1 << 15;

template <class T>
void measure_one(const LiveRow& live, std::span<const std::int64_t> part_start, const T* y, const T* g,
                 const AndersonHistory<T>& history, const Ring& ring, std::int64_t count, Squares* squares,
                 AndersonProducts& products) {
  const std::int64_t at = live.slot * history.width;
  AndersonRow<T> row{y + at, g + at, history.y_prev(live.row), history.g_prev(live.row)};
  const T* by_age[kMaxDepth];
  if (ring.newest >= 0) {
    for (std::int64_t age = 0; age < count; ++age) by_age[age] = history.dr(live.row, ring.column(age));
    row.dr = history.dr(live.row, ring.newest);
    row.dg = history.dg(live.row, ring.newest);
    row.columns = by_age;
    row.count = count;
  }
  anderson_measure_row(row, part_start, squares, products);
}

// The system (A + ridge diag A) x = b of a small symmetric positive semidefinite A by L D L' with pivots: unknowns are
// taken in the order of their pivots relative to A's diagonal until the largest that is left is rounding noise; those
// left get 0. Pivots relative to the diagonal make the order, and in exact arithmetic all that follows, the same for
// columns of any length. Nothing is moved in memory: `order` is the permutation.
struct SmallSystem {
  double a[kMaxDepth * kMaxDepth];  // both triangles; below a pivot it becomes L
  double b[kMaxDepth];
  double per_diagonal[kMaxDepth];  // 1 / A_kk
  double per_pivot[kMaxDepth];     // 1 / D_kk
  std::int64_t order[kMaxDepth];
  std::int64_t size = 0;
  std::int64_t rank = 0;

  double& at(std::int64_t i, std::int64_t j) { return a[i * size + j]; }

  void choose_pivot() {
    std::int64_t best = rank;
    double largest = -1;
    for (std::int64_t k = rank; k < size; ++k) {
      const double pivot = at(order[k], order[k]) * per_diagonal[order[k]];
      if (pivot > largest) {
        largest = pivot;
        best = k;
      }
    }
    std::swap(order[rank], order[best]);
  }

  void eliminate() {
    const std::int64_t p = order[rank];
    const double inverse = per_pivot[rank] = 1 / at(p, p);
    for (std::int64_t i = rank + 1; i < size; ++i) {
      const std::int64_t r = order[i];
      const double factor = at(r, p) * inverse;
      for (std::int64_t j = rank + 1; j < size; ++j) at(r, order[j]) -= factor * at(p, order[j]);
      b[r] -= factor * b[p];
      at(r, p) = factor;
    }
  }

  void factorize() {
    const double noise = 1e-14 * static_cast<double>(size);
    for (rank = 0; rank < size; ++rank) {
      choose_pivot();
      const std::int64_t p = order[rank];
      if (!(at(p, p) * per_diagonal[p] > noise)) return;
      eliminate();
    }
  }

  // After factorize().
  void solve(double* x) {
    for (std::int64_t i = rank; i < size; ++i) x[order[i]] = 0;
    for (std::int64_t i = rank - 1; i >= 0; --i) {
      double sum = b[order[i]] * per_pivot[i];
      for (std::int64_t k = i + 1; k < rank; ++k) sum -= at(order[k], order[i]) * x[order[k]];
      x[order[i]] = sum;
    }
  }
};

// The same without pivots for a size known to the compiler: three times faster, and as accurate while no pivot is
// small. False where one is, and the order matters.
template <int kSize>
bool solve_unpivoted(const double* gram, const double* rhs, double ridge, double* x) {
  constexpr double kSafe = 1e-10;  // of the diagonal; far above what SmallSystem takes for noise
  double a[kSize][kSize], per_pivot[kSize];
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j <= i; ++j) a[i][j] = gram[i * kSize + j];
    x[i] = rhs[i];
  }
  for (int k = 0; k < kSize; ++k) {
    const double diagonal = gram[k * kSize + k];
    const double pivot = a[k][k] + ridge * diagonal;
    if (!(pivot > kSafe * diagonal)) return false;
    per_pivot[k] = 1 / pivot;
    for (int i = k + 1; i < kSize; ++i) {
      const double factor = a[i][k] * per_pivot[k];
      for (int j = k + 1; j <= i; ++j) a[i][j] -= factor * a[j][k];
      x[i] -= factor * x[k];
    }
    for (int i = k + 1; i < kSize; ++i) a[i][k] *= per_pivot[k];
  }
  for (int i = kSize - 1; i >= 0; --i) {
    x[i] *= per_pivot[i];
    for (int k = i + 1; k < kSize; ++k) x[i] -= a[k][i] * x[k];
  }
  return true;
}

template <int kMost>
bool solve_small(const double* gram, const double* rhs, std::int64_t count, double ridge, double* x) {
  if constexpr (kMost > 0) {
    if (count < kMost) return solve_small<kMost - 1>(gram, rhs, count, ridge, x);
    return count == kMost && solve_unpivoted<kMost>(gram, rhs, ridge, x);
  }
  return false;
}

bool solve_pivoted(const double* gram, const double* rhs, std::int64_t count, double ridge, double* x) {
  constexpr double kLeastDiagonal = 1e-290;  // its inverse is finite
  SmallSystem system;
  system.size = count;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) system.at(i, j) = system.at(j, i) = gram[i * count + j];
  }
  for (std::int64_t k = 0; k < count; ++k) {
    double& diagonal = system.at(k, k);
    if (!std::isfinite(diagonal) || !std::isfinite(rhs[k])) return false;
    system.b[k] = rhs[k];
    system.order[k] = k;
    system.per_diagonal[k] = diagonal > kLeastDiagonal ? 1 / diagonal : 0;
    diagonal *= 1 + ridge;
  }
  system.factorize();
  system.solve(x);
  return true;
}

}  // namespace

template <class T>
void anderson_measure(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, const T* y, const T* g,
                      const AndersonHistory<T>& history, const Ring& ring, const std::int64_t* columns,
                      Squares* squares, AndersonProducts* products) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto parts = static_cast<std::int64_t>(part_start.size()) - 1;
#pragma omp parallel for schedule(static) if (count > 1 && count * history.width >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = rows[i].row;
    measure_one(rows[i], part_start, y, g, history, ring, columns[row], squares + row * parts, products[row]);
  }
}

template <class T>
void anderson_mix(std::span<const LiveRow> rows, const T* g, const AndersonHistory<T>& history, const Ring& ring,
                  const double* weights, T damping, T* y, T* best, std::uint8_t* best_is_previous) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t width = history.width;
#pragma omp parallel for schedule(static) if (count > 1 && count * width >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = rows[i].row, at = rows[i].slot * width;
    anderson_advance_row(rows[i], g + at, history, ring, weights + row * history.depth, damping, y + at,
                         best + row * width, best_is_previous[row]);
  }
}

bool anderson_weights(const double* gram, const double* rhs, std::int64_t count, double ridge, double* gamma) {
  constexpr int kUnrolled = 8;
  if (!solve_small<kUnrolled>(gram, rhs, count, ridge, gamma) && !solve_pivoted(gram, rhs, count, ridge, gamma)) {
    return false;
  }
  return std::all_of(gamma, gamma + count, [](double weight) { return std::isfinite(weight); });
}

using Rows = std::span<const LiveRow>;
using Starts = std::span<const std::int64_t>;
template void anderson_measure(Rows, Starts, const float*, const float*, const AndersonHistory<float>&, const Ring&,
                               const std::int64_t*, Squares*, AndersonProducts*);
template void anderson_measure(Rows, Starts, const double*, const double*, const AndersonHistory<double>&, const Ring&,
                               const std::int64_t*, Squares*, AndersonProducts*);
template void anderson_mix(Rows, const float*, const AndersonHistory<float>&, const Ring&, const double*, float, float*,
                           float*, std::uint8_t*);
template void anderson_mix(Rows, const double*, const AndersonHistory<double>&, const Ring&, const double*, double,
                           double*, double*, std::uint8_t*);

}  // namespace fathom::kernel
